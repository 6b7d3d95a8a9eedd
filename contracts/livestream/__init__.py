"""What the livestream service says and accepts."""
