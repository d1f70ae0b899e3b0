"""Memberships as tests compare them."""

from __future__ import annotations


async def stored_stays(pool):
    """Every stay, without its instants: user, bucket, number, status, source, reason."""
    found = await pool.fetch(
        "SELECT user_id, bucket_id, entry_count, status, source, reason "
        "FROM bucket_memberships ORDER BY 1, 2, 3"
    )
    return [tuple(row) for row in found]
