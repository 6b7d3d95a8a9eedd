"""The services; each owns its facts, none imports another."""
