"""The published language: events, API models, policy packs and the pure rules that read them, bus topology."""
