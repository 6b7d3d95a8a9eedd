"""Recorded JSON Schemas of every event, and the gate that no change to them goes unnoticed."""
