"""Work that is scheduled, and done by one process at a time.

The row in ``leases`` is authoritative. A process takes the lease for a scheduled instant (its
tick); the others then find that tick taken. While it works it prolongs the lease; should it die,
the lease expires, and the next tick goes to whoever comes first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from hogsend.clock import Clock
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

DURATION: Final = timedelta(seconds=30)


class Lease:
    """A named lease, as one process sees it."""

    def __init__(self, name: str, *, pool: Pool, clock: Clock) -> None:
        self._name = name
        self._pool = pool
        self._clock = clock
        self._holder = uuid4()

    @asynccontextmanager
    async def held(self, tick: datetime) -> AsyncIterator[bool]:
        """Whether the work of ``tick`` is ours; gives the lease back at the end."""
        ours = await self.prolong(tick)
        try:
            yield ours
        finally:
            if ours:
                now = self._clock.now()
                await self._pool.execute(SQL.end_lease, self._name, self._holder, now)

    async def prolong(self, tick: datetime) -> bool:
        """Take the lease, or keep it for longer; whether it is ours."""
        now = self._clock.now()
        row = await self._pool.fetchrow(
            SQL.take_lease, self._name, self._holder, now + DURATION, tick, now
        )
        return row is not None
