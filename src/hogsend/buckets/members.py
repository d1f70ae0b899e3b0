"""Member access: who is in a bucket now."""

from __future__ import annotations

from hogsend.buckets.definition import Member, MemberPage
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)


class Members:
    """Reads active members; the ``MemberReader`` of every bucket of a client."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def count(self, bucket_id: str) -> int:
        """Number of active members."""
        count: int = await self._pool.fetchval(SQL.count_members, bucket_id)
        return count

    async def has(self, bucket_id: str, user_id: str) -> bool:
        """Whether the user is an active member."""
        found: bool = await self._pool.fetchval(SQL.has_member, bucket_id, user_id)
        return found

    async def members(self, bucket_id: str, limit: int, cursor: str | None) -> MemberPage:
        """A page of active members in order of user id; ``cursor`` is the last id before it."""
        rows = await self._pool.fetch(SQL.list_members, bucket_id, cursor or "", limit + 1)
        members = tuple(Member(**row) for row in rows[:limit])
        more = len(rows) > limit
        return MemberPage(members=members, cursor=members[-1].user_id if more else None)
