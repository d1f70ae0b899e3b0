"""What the clock will bring: how many timers of a bucket are due when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.record import Record

SQL = load_queries(__package__)

COUNTED: Final = 2_000
_HORIZONS: Final = (timedelta(hours=1), timedelta(days=1), timedelta(weeks=1))


class Upcoming(Record):
    """Who may move by the clock alone within a time from now.

    Each has at most one timer, which is never late, so no more than these leave or join. Fewer do
    if something happens to them before.

    Attributes:
        hours: How long that time is.
        members: Those in the bucket: they may leave, or have a dwell instant.
        others: Those outside: they may join.
        capped: There are more timers than were counted.
    """

    hours: int
    members: int
    others: int
    capped: bool


async def read_upcoming(pool: Pool, bucket_id: str, now: datetime) -> list[Upcoming]:
    """For the next hour, day and week."""
    rows = await pool.fetch(
        SQL.upcoming, bucket_id, [now + horizon for horizon in _HORIZONS], COUNTED
    )
    return [
        Upcoming(
            hours=int(horizon / timedelta(hours=1)),
            members=row["members"],
            others=row["others"],
            capped=row["members"] + row["others"] >= COUNTED,
        )
        for horizon, row in zip(_HORIZONS, rows, strict=True)
    ]
