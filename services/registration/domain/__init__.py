"""What registration may do: pure, business time passed in."""
