"""Durable functions that events start: they sleep as rows, and go on where they stopped."""
