"""How buckets grew and shrank; every number is a count of rows, read from all stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hogsend.buckets.registry import CompiledBucket
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """The most members that a bucket had, and when it first had them."""

    size: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One user's latest join or leave."""

    bucket_id: str
    user_id: str
    at: datetime
    joined: bool


async def find_peaks(pool: Pool, buckets: Sequence[CompiledBucket]) -> dict[str, Peak]:
    """The peak of each bucket that ever had a member."""
    rows = await pool.fetch(SQL.peaks, _ids(buckets))
    return {row["bucket_id"]: Peak(size=row["size"], at=row["at"]) for row in rows}


async def latest_moves(pool: Pool, buckets: Sequence[CompiledBucket], limit: int) -> list[Move]:
    """The latest joins and leaves, newest first."""
    rows = await pool.fetch(SQL.latest_moves, _ids(buckets), limit)
    return [Move(**row) for row in rows]


async def sizes_at(
    pool: Pool, buckets: Sequence[CompiledBucket], instants: Sequence[datetime]
) -> dict[str, list[int]]:
    """How many members each bucket had at each of ``instants``."""
    sizes = {bucket_id: [0] * len(instants) for bucket_id in _ids(buckets)}
    for row in await pool.fetch(SQL.sizes_at, _ids(buckets), list(instants)):
        sizes[row["bucket_id"]][row["position"] - 1] = row["size"]
    return sizes


def _ids(buckets: Sequence[CompiledBucket]) -> list[str]:
    return [bucket.meta.id for bucket in buckets]
