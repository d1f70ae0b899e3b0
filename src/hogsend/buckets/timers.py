"""The pump: looks at pairs at the instant at which their timer is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice

import structlog

from hogsend.buckets.store import find_due, next_due
from hogsend.clock import Clock
from hogsend.contacts.store import claim_contacts
from hogsend.db.pool import PASSING, Pool
from hogsend.events.ingest import Ingest
from hogsend.events.model import Change
from hogsend.events.subscriber import Transaction

_log = structlog.get_logger(__name__)

POLL_S = 0.1
"""The longest sleep. A timer armed further ahead than this fires at its instant; a nearer one at
most this much later, whichever process armed it, through any pooler, without NOTIFY."""

LANES = 2
"""Transactions at once: while one waits for the database, Python prepares the other."""

_UNHURRIED = "SET LOCAL synchronous_commit = off"
"""Nobody was promised what the pump is about to do: should the server lose its last moments, the
timers are due again. Whoever commits in earnest meanwhile need not queue behind it for the disk."""

_BATCH = 200
_AHEAD = 15
_BUSY_S = 0.005
_ASIDE = timedelta(minutes=1)

_Due = dict[str, set[str]]


class Pump:
    """Finds due pairs and lets the ingest transaction settle them, in bounded batches.

    A batch is the same transaction as an ingest one, with changes in which nothing happened but
    the passing of time. Any number of pumps may run side by side: a contact that somebody else
    works on is passed over, and a pair that somebody else has settled is no longer due.

    Args:
        buckets: Tells the ids of the buckets to look after.
        batch: Users in one transaction, at most.
        lanes: Transactions at once. With one, the order of settling is that of the instants.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        ingest: Ingest,
        buckets: Callable[[], Sequence[str]],
        batch: int = _BATCH,
        lanes: int = LANES,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._ingest = ingest
        self._buckets = buckets
        self._batch = batch
        self._lanes = lanes
        self._aside: dict[str, datetime] = {}

    async def run_once(self) -> float:
        """Settle what is due, up to a bound; returns the seconds until the next timer is due.

        Somebody who cannot be settled (that is a fault of ours) must not keep others waiting: they
        are set aside for a while, still due, and every pass that ends so is told in the log.
        """
        try:
            settled = await self.settle_due()
        except PASSING:
            raise
        except Exception:  # noqa: BLE001 - found out, and told, one by one
            settled = await self._settle_singly()
        if settled:
            return 0.0
        due_at = await self.next_due()
        if due_at is None:
            return POLL_S
        ahead = (due_at - self._clock.now()).total_seconds()
        if ahead > 0:
            return min(ahead, POLL_S)
        # Due, yet not settled: set aside, or somebody holds the contact, and will look at it too.
        return POLL_S if self._aside else _BUSY_S

    async def settle_due(self) -> int:
        """Settle the pairs due longest, some batches of them; returns the number of users."""
        batches = _batches(await self._find_due(), self._batch)
        lanes = (self._lane(batches) for _ in range(self._lanes))
        settled = 0
        for done in await asyncio.gather(*lanes, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done
            settled += done
        return settled

    async def next_due(self) -> datetime | None:
        """The earliest instant at which a timer is due."""
        if not self._buckets():
            return None
        async with self._pool.acquire() as connection:
            return await next_due(connection, self._buckets())

    async def _find_due(self) -> _Due:
        now = self._clock.now()
        self._aside = {user: until for user, until in self._aside.items() if until > now}
        limit = self._batch * _AHEAD + len(self._aside)
        async with self._pool.acquire() as connection:
            due = await find_due(connection, now, self._buckets(), limit)
        return {user_id: buckets for user_id, buckets in due.items() if user_id not in self._aside}

    async def _settle_singly(self) -> int:
        settled = 0
        for due in _batches(await self._find_due(), 1):
            try:
                settled += await self._settle(due)
            except PASSING:
                raise
            except Exception:  # noqa: BLE001 - whatever it is, others are not to wait for it
                until = self._clock.now() + _ASIDE
                self._aside |= dict.fromkeys(due, until)
                _log.exception("pump.set_aside", users=sorted(due), until=until.isoformat())
        return settled

    async def _lane(self, batches: Iterator[_Due]) -> int:
        return sum([await self._settle(due) for due in batches])

    async def _settle(self, due: Mapping[str, set[str]]) -> int:
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_UNHURRIED)
            contacts = await claim_contacts(connection, due.keys())
            changes = [
                Change(contact=contact, before=contact, revisit=frozenset(due[user_id]))
                for user_id, contact in contacts.items()
            ]
            transaction = Transaction(connection=connection, now=self._clock.now(), changes=changes)
            await self._ingest.settle(transaction)
        return len(contacts)


def _batches(due: _Due, size: int) -> Iterator[_Due]:
    users = iter(due.items())
    while batch := dict(islice(users, size)):
        yield batch
