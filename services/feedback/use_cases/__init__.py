"""Load, decide, save, announce: one function a request."""
