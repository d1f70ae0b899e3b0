"""Which buckets PostHog knows, and what is queued for it.

A row of the outbox says only that somebody's membership changed; the value is read when it is
sent. So the last row of a pair tells what holds, in whatever order the ones before it got through.

``posthog_syncs`` is authoritative for what is synced. A process whose code syncs a bucket, and that
has an API key, puts it there, and the members that there are are queued (``backfill``). Processes
without a key, such as a command on somebody's machine, queue what they change as long as it is
there; a worker without one takes it away, since then nobody delivers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from hogsend.clock import Clock
from hogsend.db.literals import text_array
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.events.model import Move
from hogsend.events.subscriber import Transaction
from hogsend.integrations.outbox import Row, append

SQL = load_queries(__package__)

DESTINATION: Final = "posthog"
TOPIC: Final = "bucket.membership"

_log = structlog.get_logger(__name__)


class PostHogSync:
    """Queues what changes in synced buckets.

    Args:
        properties: The person property of each bucket that the code syncs.
        has_key: Whether this process could deliver.
    """

    def __init__(
        self, *, pool: Pool, clock: Clock, properties: Mapping[str, str], has_key: bool
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._properties = dict(properties)
        self._has_key = has_key
        self._active: Mapping[str, str] = {}

    async def register(self, defined: Sequence[str]) -> None:
        """Take over what the code says about the buckets that it defines."""
        if self._has_key:
            now = self._clock.now()
            async with self._pool.acquire() as connection, connection.transaction():
                ids, names = list(self._properties), list(self._properties.values())
                await connection.execute(SQL.start_syncs, ids, names, now)
                dropped = [id_ for id_ in defined if id_ not in self._properties]
                await connection.execute(SQL.stop_syncs, dropped, now)
        await self.load()
        if missing := sorted(self._properties.keys() - self._active.keys()):
            _log.info("posthog.off", buckets=missing, why="POSTHOG_API_KEY is not set")

    async def load(self) -> None:
        """Read what is synced."""
        if self._properties:
            rows = await self._pool.fetch(SQL.active_syncs, list(self._properties))
            self._active = {row["bucket_id"]: self._properties[row["bucket_id"]] for row in rows}

    async def stop(self) -> None:
        """Sync nothing any more, in no process: nobody delivers."""
        await self._pool.execute(SQL.stop_syncs, list(self._properties), self._clock.now())
        self._active = {}

    def rows(self, moves: Sequence[Move]) -> list[Row]:
        """What to queue: one row for each join and leave, silent ones included."""
        if not self._active:
            return []
        return [self._row(m.user_id, m.bucket_id) for m in moves if m.bucket_id in self._active]

    async def joined(
        self, connection: Connection, bucket_id: str, user_ids: Sequence[str], now: datetime
    ) -> None:
        """Queue those who joined silently at ``now``, of people whose locks are held."""
        if bucket_id in self._active:
            found = await connection.fetch(SQL.joined_now, text_array(user_ids), bucket_id, now)
            rows = [self._row(row["user_id"], bucket_id) for row in found]
            await append(connection, rows, now)

    async def deleted(self, transaction: Transaction, user_id: str) -> None:
        """Queue the memberships that ended because a contact is being deleted."""
        if self._active:
            connection, now = transaction.connection, transaction.now
            ended = await connection.fetch(SQL.ended_now, user_id, list(self._active), now)
            rows = [self._row(user_id, row["bucket_id"]) for row in ended]
            await append(connection, rows, now)

    def _row(self, user_id: str, bucket_id: str) -> Row:
        return membership_row(user_id, bucket_id, self._active[bucket_id])


def membership_row(user_id: str, bucket_id: str, name: str) -> Row:
    """What is queued when somebody's membership changed; ``name`` is the person property."""
    return Row(
        user_id=user_id,
        destination=DESTINATION,
        topic=TOPIC,
        payload={"bucketId": bucket_id, "property": name},
    )
