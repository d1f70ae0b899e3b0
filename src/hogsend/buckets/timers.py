"""The pump: looks at pairs at the instant at which their timer is due."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from hogsend.buckets.store import claim_due, next_due
from hogsend.clock import Clock
from hogsend.db.pool import Pool
from hogsend.events.ingest import Ingest
from hogsend.events.model import Change
from hogsend.events.subscriber import Transaction

POLL_S = 0.1
"""The longest sleep. A timer armed further ahead than this fires at its instant; a nearer one at
most this much later, whichever process armed it, through any pooler, without NOTIFY."""

_BATCH = 200
_BUSY_S = 0.005


class Pump:
    """Claims due pairs in bounded batches and lets the ingest transaction settle them.

    A batch is the same transaction as an ingest one, with changes in which nothing happened but
    the passing of time. Any number of pumps may run side by side.

    Args:
        buckets: Tells the ids of the buckets to look after.
        batch: Timers in one transaction, at most.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        ingest: Ingest,
        buckets: Callable[[], Sequence[str]],
        batch: int = _BATCH,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._ingest = ingest
        self._buckets = buckets
        self._batch = batch

    async def run_once(self) -> float:
        """Settle one batch; returns the seconds until the next timer is due."""
        if await self.settle_due():
            return 0.0
        due_at = await self.next_due()
        if due_at is None:
            return POLL_S
        ahead = (due_at - self._clock.now()).total_seconds()
        # Due, yet not claimed: somebody holds the contact, and will look at the timer too.
        return _BUSY_S if ahead <= 0 else min(ahead, POLL_S)

    async def settle_due(self) -> int:
        """Settle one batch of due pairs; returns the number of users in it."""
        async with self._pool.acquire() as connection, connection.transaction():
            claimed = await claim_due(connection, self._clock.now(), self._buckets(), self._batch)
            if not claimed:
                return 0
            changes = [
                Change(contact=contact, before=contact, revisit=frozenset(due))
                for contact, due in claimed.values()
            ]
            transaction = Transaction(connection=connection, now=self._clock.now(), changes=changes)
            await self._ingest.settle(transaction)
        return len(claimed)

    async def next_due(self) -> datetime | None:
        """The earliest instant at which a timer is due."""
        if not self._buckets():
            return None
        async with self._pool.acquire() as connection:
            return await next_due(connection, self._buckets())
