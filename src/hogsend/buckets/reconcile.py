"""Reconcile: drain what is due at the cadence, then audit every bucket and repair what is astray.

The audit asks set-based SQL, chunk by chunk and without locks, where criteria and membership
differ. Those few are looked at again through the ingest transaction, like after any event, which
knows of deferred leaves and barred re-entries; what it changes is drift. In a healthy system there
is none: joins and leaves happen in the transactions and at the instants that they follow from.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from cronsim import CronSim, CronSimError

from hogsend.buckets.definition import ANY_BUCKET_EVENTS
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.buckets.timers import Pump
from hogsend.clock import Clock
from hogsend.criteria.sql import compile_selection
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.errors import ConfigurationError
from hogsend.events.ingest import Ingest
from hogsend.runtime.lease import Lease

SQL = load_queries(__package__)

_log = structlog.get_logger(__name__)
DEFAULT_CRON: Final = "*/5 * * * *"

_CHUNK: Final = 5_000
_REPAIRS: Final = 200
_ATTEMPTS: Final = 50
_BUSY_S: Final = 0.1
_LONGEST_SLEEP_S: Final = 10.0

_MICROSECOND: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)

_EVERYBODY: Final = (
    "SELECT user_id, properties FROM contacts WHERE user_id > $2 ORDER BY user_id LIMIT $3"
)
_MEMBERS: Final = (
    "SELECT contacts.user_id, contacts.properties FROM bucket_memberships "
    "JOIN contacts USING (user_id) WHERE bucket_id = $4 AND status = 'active' "
    "AND contacts.user_id > $2 ORDER BY contacts.user_id LIMIT $3"
)


class Reconciler:
    """Reconciles at the instants of a cron expression, in one process at a time.

    Args:
        cron: Five fields, e.g. ``*/5 * * * *``, in UTC.

    Raises:
        ConfigurationError: ``cron`` is no such expression.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        registry: Registry,
        ingest: Ingest,
        cadence: Pump,
        cron: str,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._registry = registry
        self._ingest = ingest
        self._cadence = cadence
        self._cron = _checked(cron, clock.now())
        self._lease = Lease("reconcile", pool=pool, clock=clock)
        self._tick = self._tick_after(clock.now())

    async def next_drain(self) -> datetime | None:
        """The scheduled instant at which the earliest timer that waits for one is looked at."""
        due_at = await self._cadence.next_due()
        if due_at is None:
            return None
        try:
            return self._tick_after(max(due_at, self._clock.now()) - _MICROSECOND)
        except OverflowError:  # "9999-12-31" as a date that never comes
            return None

    async def run_once(self) -> float:
        """Reconcile if it is time to; returns the seconds until the next look."""
        if self._clock.now() >= self._tick:
            tick, self._tick = self._tick, self._tick_after(self._clock.now())
            async with self._lease.held(tick) as ours:
                if ours:
                    await self.reconcile(tick)
        ahead = (self._tick - self._clock.now()).total_seconds()
        return min(max(ahead, 0.01), _LONGEST_SLEEP_S)

    async def reconcile(self, tick: datetime) -> int:
        """Drain, audit and repair; returns how many transitions the repairs made."""
        await self._drain(tick)
        drift = 0
        for bucket_id in await self._due(tick):
            found = await self._audit(self._registry.buckets[bucket_id], tick)
            await self._pool.execute(SQL.note_audit, bucket_id, self._clock.now(), found)
            if found:
                _log.warning("reconcile.drift", bucket=bucket_id, repaired=found)
            drift += found
        return drift

    async def _due(self, tick: datetime) -> list[str]:
        """Whom to audit: not those that a job goes through, nor those that had one lately."""
        rows = await self._pool.fetch(SQL.load_audits)
        audited = {row["bucket_id"]: row["audited_at"] for row in rows}
        found = []
        for bucket_id in self._registry.live_ids:
            every, last = (
                self._registry.buckets[bucket_id].meta.reconcile_every,
                audited.get(bucket_id),
            )
            # An audit is noted when it is over, somewhat behind its tick.
            rests = every is not None and last is not None and tick - last < every - _MINUTE
            if not rests and bucket_id not in self._registry.building:
                found.append(bucket_id)
        return found

    async def _drain(self, tick: datetime) -> None:
        """Settle all that waits for the cadence, also what somebody else works on at the moment."""
        for _ in range(_ATTEMPTS):
            while await self._cadence.settle_due():
                await self._lease.prolong(tick)
            due_at = await self._cadence.next_due()
            if due_at is None or due_at > self._clock.now():
                return
            await asyncio.sleep(_BUSY_S)

    def _tick_after(self, instant: datetime) -> datetime:
        """The first scheduled instant behind ``instant``."""
        ticks = CronSim(self._cron, instant.replace(second=0, microsecond=0) - _MINUTE)
        return next(tick for tick in ticks if tick > instant)

    async def _audit(self, bucket: CompiledBucket, tick: datetime) -> int:
        people = _EVERYBODY if bucket.reconciles_joins else _MEMBERS
        selection = compile_selection(bucket.meta.criteria, scope="person", taken=4)
        statement = SQL.audit_chunk.replace("/* people */", people).replace(
            "/* selection */", selection.text
        )
        drift, cursor = 0, ""
        while True:
            last, astray = await self._chunk(statement, cursor, bucket, selection.params)
            drift += await self._repair(bucket.meta.id, astray)
            if last is None:
                return drift
            cursor = last
            await self._lease.prolong(tick)

    async def _chunk(
        self, statement: str, cursor: str, bucket: CompiledBucket, params: Sequence[Any]
    ) -> tuple[str | None, list[str]]:
        now = self._clock.now()
        row = await self._pool.fetchrow(statement, now, cursor, _CHUNK, bucket.meta.id, *params)
        return (None, []) if row is None else (row["last"], row["astray"] or [])

    async def _repair(self, bucket_id: str, astray: Sequence[str]) -> int:
        """Look at users again, a few at a time; how many of them moved."""
        moved = 0
        for start in range(0, len(astray), _REPAIRS):
            events = await self._ingest.revisit(astray[start : start + _REPAIRS], {bucket_id})
            moved += sum(event.name in ANY_BUCKET_EVENTS for event in events)
        return moved


def _checked(cron: str, now: datetime) -> str:
    try:
        next(CronSim(cron, now))
    except (CronSimError, StopIteration) as error:
        raise ConfigurationError(
            f"BUCKET_RECONCILE_CRON: {cron!r} is no schedule ({error}); write five fields such as "
            "'*/5 * * * *'"
        ) from error
    return cron
