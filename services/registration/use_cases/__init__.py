"""Load, decide, save, announce: one function a request or message, each inside the caller's transaction."""
