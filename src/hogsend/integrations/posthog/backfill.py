"""The members that a bucket has when its sync begins, queued chunk by chunk.

A chunk is one transaction that queues people and moves the cursor, so a worker that dies repeats
nothing. The contacts' locks are held meanwhile, like whenever something is queued for people.
Not much is queued ahead: what happens now must not wait behind all the members.
"""

from __future__ import annotations

from typing import Any, Final

import structlog

from hogsend.clock import Clock
from hogsend.contacts.store import hold_contacts
from hogsend.db.pool import Connection, Pool
from hogsend.integrations.outbox import append
from hogsend.integrations.posthog.sync import DESTINATION, SQL, membership_row

_CHUNK: Final = 1000
_AHEAD: Final = 3000
_IDLE_S: Final = 1.0
_FULL_S: Final = 0.1

_log = structlog.get_logger(__name__)


class PropertyBackfill:
    """Queues the members of buckets whose sync has begun. Any number may run side by side."""

    def __init__(self, *, pool: Pool, clock: Clock, ahead: int = _AHEAD) -> None:
        self._pool = pool
        self._clock = clock
        self._ahead = ahead

    async def run_once(self) -> float:
        """Queue a chunk; returns the seconds until the next look."""
        async with self._pool.acquire() as connection, connection.transaction():
            sync = await connection.fetchrow(SQL.claim_sync)
            if sync is None:
                return _IDLE_S
            if await connection.fetchval(SQL.is_ahead, DESTINATION, self._ahead):
                return _FULL_S
            await self._queue(connection, sync)
        return 0.0

    async def _queue(self, connection: Connection, sync: Any) -> None:
        now, bucket_id = self._clock.now(), sync["bucket_id"]
        statement = SQL.next_known if sync["everyone"] else SQL.next_members
        found = await connection.fetch(statement, bucket_id, sync["cursor"], _CHUNK)
        if not found:
            await connection.execute(SQL.finish_sync, bucket_id, now)
            _log.info("posthog.backfilled", bucket=bucket_id, people=sync["queued"])
            return
        user_ids = [row["user_id"] for row in found]
        held = await hold_contacts(connection, user_ids)
        rows = [membership_row(user_id, bucket_id, sync["property"]) for user_id in held]
        await append(connection, rows, now)
        await connection.execute(SQL.advance_sync, bucket_id, user_ids[-1], len(rows))
