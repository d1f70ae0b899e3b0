"""The criteria language: one tree, interpreted by evaluate, sql, describe and explain."""
