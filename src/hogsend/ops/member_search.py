"""Finding people in a bucket by how their user id or mail address begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.stays import Member, StayStatus

SQL = load_queries(__package__)

_LOOKED_AT: Final = 1_000


async def find_members(
    pool: Pool, bucket_id: str, search: str, limit: int, *, status: StayStatus
) -> Sequence[Member]:
    """Stays of people whose id or mail begins with ``search``, in order of user id.

    Members by their id are found among all of the bucket; by mail, and stays that ended, among the
    first thousand contacts that begin so.
    """
    rows = await pool.fetch(SQL.find_members, bucket_id, search, status, limit, _LOOKED_AT)
    return [Member.of(row) for row in rows]
