"""The processes that work, and the work that is not done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.jobs import BucketJob
from hogsend.ops.record import Id, Instant, Record
from hogsend.runtime.presence import SILENCE

SQL = load_queries(__package__)


class Worker(Record):
    """A worker that told not long ago that it is alive."""

    id: Id
    host: str
    pid: int
    started_at: Instant
    seen_at: Instant

    def alive(self, now: datetime) -> bool:
        """Whether it still counts as alive."""
        return now - self.seen_at <= SILENCE


async def list_workers(pool: Pool, limit: int) -> Sequence[Worker]:
    """The workers of the last hour, those heard of last first."""
    return [Worker.of(row) for row in await pool.fetch(SQL.list_workers, limit)]


async def unfinished_jobs(pool: Pool, limit: int) -> Sequence[BucketJob]:
    """The jobs that wait, run or failed; those that failed first."""
    return [BucketJob.of(row) for row in await pool.fetch(SQL.unfinished_jobs, limit)]
