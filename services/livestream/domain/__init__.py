"""What a session may do: pure, the time passed in."""
