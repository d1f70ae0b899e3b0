"""What is happening now: events and transitions by the minute, and who has just moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from hogsend.buckets.definition import BUCKET_ENTERED, BUCKET_LEFT
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.record import BucketId, Id, Instant, Record, UserId

SQL = load_queries(__package__)

MINUTES: Final = 30
_READ_UP_TO: Final = 20_000
_MINUTE: Final = timedelta(minutes=1)


class Minute(Record):
    """What was done in a minute.

    Attributes:
        at: When it began.
        events: What clients sent and journeys did.
        transitions: Announced joins and leaves.
    """

    at: Instant
    events: int
    transitions: int


class Pulse(Record):
    """The last half hour, by when things happened.

    Attributes:
        minutes: Oldest first; the last one is the minute until now.
        capped: There was more than is counted, so the figures say "at least".
    """

    minutes: list[Minute]
    capped: bool


class Move(Record):
    """A join or a leave that was announced.

    Attributes:
        joined: Whether it was a join.
        reason: Of a leave.
        source: What made it happen.
    """

    id: Id
    at: Instant
    user_id: UserId
    bucket_id: BucketId
    joined: bool
    reason: str | None
    source: str


async def read_pulse(pool: Pool, now: datetime) -> Pulse:
    """The last ``MINUTES`` minutes."""
    since = now - MINUTES * _MINUTE
    rows = await pool.fetch(SQL.pulse, since, now, [BUCKET_ENTERED, BUCKET_LEFT], _READ_UP_TO)
    counts = {row["minute"]: row for row in rows}
    return Pulse(
        minutes=[
            Minute(
                at=since + number * _MINUTE,
                events=counts[number]["events"] if number in counts else 0,
                transitions=counts[number]["transitions"] if number in counts else 0,
            )
            for number in range(MINUTES)
        ],
        capped=any(row["capped"] for row in rows),
    )


async def latest_moves(pool: Pool, limit: int, bucket_id: str | None = None) -> Sequence[Move]:
    """The latest announced joins and leaves, newest first: of one bucket, or of all."""
    names = [BUCKET_ENTERED, BUCKET_LEFT]
    if bucket_id is not None:
        names = [f"{name}:{bucket_id}" for name in names]
    return [Move.of(row) for row in await pool.fetch(SQL.latest_announced, names, limit)]
