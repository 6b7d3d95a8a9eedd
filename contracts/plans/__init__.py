"""What the plans service says and accepts."""
