"""People: who they are and their merged properties."""
