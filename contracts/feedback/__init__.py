"""What the feedback service says and accepts."""
