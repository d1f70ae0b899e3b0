"""Which workers are alive: each has a row in ``workers`` and renews it.

A worker that ends by itself removes its row. One that is killed falls silent, counts as dead
after ``SILENCE`` and is forgotten after an hour. Nothing is decided by this; it is for operators.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from hogsend.clock import Clock
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

INTERVAL_S: Final = 5.0
SILENCE: Final = timedelta(seconds=3 * INTERVAL_S)
"""A worker that has not been heard of for so long counts as dead."""

_FORGOTTEN_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Living:
    """The workers that are alive; ``seen_at`` is when one, alive or dead, was heard of last."""

    alive: int
    seen_at: datetime | None


class Presence:
    """Renews the row of this process's worker."""

    def __init__(self, *, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self._id = uuid4()
        self._started_at = clock.now()

    async def run_once(self) -> float:
        """Tell once; returns the seconds until the next time."""
        now = self._clock.now()
        await self._pool.execute(
            SQL.beat,
            self._id,
            socket.gethostname(),
            os.getpid(),
            self._started_at,
            now,
            now - _FORGOTTEN_AFTER,
        )
        return INTERVAL_S

    async def end(self) -> None:
        """The worker stops: take its row away."""
        await self._pool.execute(SQL.end_worker, self._id)


async def living_workers(connection: Connection, now: datetime) -> Living:
    """The workers that are alive at ``now``."""
    row = await connection.fetchrow(SQL.living_workers, now - SILENCE)
    assert row is not None  # noqa: S101 - an aggregate has one
    return Living(alive=row["alive"], seen_at=row["seen_at"])
