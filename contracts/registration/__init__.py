"""What the registration service says and accepts."""
