"""Load, decide, save, announce: one function a request, inside the transaction it is given."""
