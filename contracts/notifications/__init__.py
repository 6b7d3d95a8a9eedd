"""What the notifications service says and accepts."""
