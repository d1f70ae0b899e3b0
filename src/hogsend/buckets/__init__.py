"""Buckets: groups of users, who is in them, and from when until when."""
