"""What the deadlines service says and accepts."""
