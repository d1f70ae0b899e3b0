"""Webhooks that come in: who may send them, and what they mean."""
