"""What a deploy of this code would do to the memberships, without doing it.

``compare`` says what is different about a bucket. ``forecast`` counts what catching up with it
would do, by the very SQL by which the job judges (``queries/judge_chunk.sql``), chunk by chunk.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from hogsend.buckets.chunks import (
    SQL,
    compile_chunk,
    microseconds,
    rules_of,
)
from hogsend.buckets.definition import BucketMeta
from hogsend.buckets.registry import CompiledBucket
from hogsend.buckets.rollout import Known, need_of, schedule_text
from hogsend.db.pool import Connection

_CHUNK: Final = 20_000
_NEXT_PEOPLE: Final = (
    "SELECT user_id, properties FROM contacts WHERE user_id > $2 ORDER BY user_id LIMIT $11"
)
_NO_MARK: Final = -1
"""Which no timer bears: what is due at this moment is foretold, too."""


class Change(StrEnum):
    """What a deploy finds about a bucket.

    ``new`` was never evaluated; ``changed`` has other criteria; ``rescheduled`` has other limits or
    dwell schedules; ``resumed`` was paused, ``returned`` retired. ``paused`` will not be evaluated
    any more; ``disabled`` is not anyway. ``removed`` is in the database and not in the code.
    """

    NEW = "new"
    CHANGED = "changed"
    RESCHEDULED = "rescheduled"
    RESUMED = "resumed"
    RETURNED = "returned"
    UNCHANGED = "unchanged"
    PAUSED = "paused"
    DISABLED = "disabled"
    REMOVED = "removed"


NO_CHANGE: Final = frozenset({Change.UNCHANGED, Change.DISABLED})
LOOKS: Final = frozenset(
    {Change.NEW, Change.CHANGED, Change.RESCHEDULED, Change.RESUMED, Change.RETURNED}
)
"""The changes after which everybody is looked at."""


def compare(known: Known, bucket: CompiledBucket, *, enabled: bool) -> Change:
    """What is different between a bucket in the code and what the database knows of it.

    Args:
        known: What the database knows.
        bucket: What the code says.
        enabled: Whether the bucket is to be evaluated.
    """
    if not enabled:
        evaluated = known.fingerprint is not None and not known.paused and not known.retired
        return Change.PAUSED if evaluated else Change.DISABLED
    need = need_of(known, fingerprint=bucket.fingerprint, schedule=schedule_text(bucket.meta))
    if need is None:
        return Change.UNCHANGED
    if known.fingerprint != bucket.fingerprint:
        return Change.NEW if known.fingerprint is None else Change.CHANGED
    if known.retired:
        return Change.RETURNED
    return Change.RESUMED if known.paused else Change.RESCHEDULED


class Forecast(Struct, frozen=True, kw_only=True):
    """What would happen at once to so many ``people``.

    Attributes:
        joins: Silent joins.
        leaves: Announced leaves, those by ``max_dwell`` included.
        times_out: Leaves by ``max_dwell``.
        returns: Of those who leave by ``max_dwell``: how many join again at once, announced.
        defers: Members whose criteria do not hold, and who stay until ``min_dwell`` is over.
        barred: Others whose criteria hold, and whom ``max_dwell`` and ``entry_limit`` keep out.
        dwells: Members for whom a dwell is due.
        joining: Ids of those who join, in order; perhaps not all.
        leaving: Ids of those who leave.
    """

    people: int = 0
    joins: int = 0
    leaves: int = 0
    times_out: int = 0
    returns: int = 0
    defers: int = 0
    barred: int = 0
    dwells: int = 0
    joining: tuple[str, ...] = ()
    leaving: tuple[str, ...] = ()

    def plus(self, other: Forecast, samples: int) -> Forecast:
        """Both together, with so many ids at most."""
        numbers = {name: getattr(self, name) + getattr(other, name) for name in _NUMBERS}
        return Forecast(
            **numbers,
            joining=(self.joining + other.joining)[:samples],
            leaving=(self.leaving + other.leaving)[:samples],
        )


_NUMBERS: Final = (
    "people",
    "joins",
    "leaves",
    "times_out",
    "returns",
    "defers",
    "barred",
    "dwells",
)


async def forecast(
    connection: Connection, meta: BucketMeta, now: datetime, *, samples: int
) -> AsyncIterator[Forecast]:
    """What catching up with a bucket would do, chunk by chunk of contacts; takes no locks.

    Args:
        connection: In a transaction with a snapshot, so that the chunks fit together.
        meta: The bucket as it would be.
        now: The present instant.
        samples: How many of those who join are named; those who leave are all.
    """
    statement, params = compile_chunk(SQL.plan_chunk, meta, _NEXT_PEOPLE, taken=13)
    rules, shortest = rules_of(meta, _NO_MARK), microseconds(meta.min_dwell)
    cursor = ""
    while True:
        row = await connection.fetchrow(
            statement, now, cursor, *rules, _CHUNK, shortest, samples, *params
        )
        if row is None or row["last"] is None:
            return
        cursor = row["last"]
        yield Forecast(
            **{name: row[name] for name in _NUMBERS},
            joining=tuple(row["joining"] or ()),
            leaving=tuple(row["leaving"] or ()),
        )
