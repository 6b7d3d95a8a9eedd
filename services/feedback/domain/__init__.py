"""What may become of a suggestion, and what a table says: pure, the time passed in."""
