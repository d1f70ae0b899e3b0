"""Webhooks that go out: who is told of what, and how it is signed and sent."""
