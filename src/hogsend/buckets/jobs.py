"""Jobs in the database: walks over all contacts that bring one bucket up to date.

    pending | failed --(claimed)--> running --(at the end)--> done
    running --(an error)--> pending, later failed: both are tried again, after a while
    running --(the lease runs out)--> claimed by somebody else, who goes on at the cursor
    pending | running | failed --(a newer definition)--> superseded

The row is authoritative. Every write of a runner names the job and the holder, in the transaction
of the chunk that it tells of: whoever lost the job writes nothing. The caller owns the transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from msgspec import Struct
from uuid_utils import uuid7

from hogsend.buckets.rollout import JobKind, Known, Need
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)


class JobStatus(StrEnum):
    """Where a job stands; the first three are live."""

    PENDING = "pending"
    RUNNING = "running"
    FAILED = "failed"
    DONE = "done"
    SUPERSEDED = "superseded"


class Claim(Struct, frozen=True, kw_only=True):
    """A job that we hold.

    Attributes:
        mark: What timers must bear to be believed meanwhile; None: all are.
        cursor: The last user id that is done.
        done: How many people that is, of ``total`` (None: not counted yet).
        attempts: How often it failed in a row.
    """

    id: UUID
    holder: UUID
    bucket_id: str
    kind: JobKind
    mark: int | None
    cursor: str
    done: int
    total: int | None
    attempts: int


class Progress(Struct, frozen=True, kw_only=True):
    """What one chunk did; ``cursor`` is the last user id of its ``people``."""

    cursor: str
    people: int
    joined: int = 0
    left: int = 0


async def lock_known(connection: Connection, bucket_ids: Sequence[str]) -> dict[str, Known]:
    """What the database knows of buckets; holds their rows' locks."""
    await connection.execute(SQL.lock_configs, list(bucket_ids))
    # A statement of its own: what it sees is as of when the locks were held.
    return await read_known(connection, bucket_ids)


async def read_known(
    connection: Connection, bucket_ids: Sequence[str] | None = None
) -> dict[str, Known]:
    """What the database knows of buckets, or of all."""
    return {row["bucket_id"]: Known(**row) for row in await connection.fetch(SQL.known, bucket_ids)}


async def replace_jobs(
    connection: Connection, needs: Sequence[Need], now: datetime, run_after: datetime
) -> None:
    """Create jobs in place of the live ones; the caller holds the locks of the buckets' rows."""
    if not needs:
        return
    await connection.execute(SQL.supersede_jobs, [need.bucket_id for need in needs], now)
    await connection.execute(
        SQL.create_jobs,
        [uuid7() for _ in needs],
        [need.bucket_id for need in needs],
        [need.kind for need in needs],
        [need.fingerprint for need in needs],
        [need.mark for need in needs],
        run_after,
        now,
    )


async def retry_job(connection: Connection, bucket_id: str, now: datetime) -> None:
    """Try the bucket's failed job again now, if there is one."""
    await connection.execute(SQL.retry_job, bucket_id, now)


async def claim_job(
    pool: Pool, fingerprints: dict[str, str], holder: UUID, now: datetime, until: datetime
) -> Claim | None:
    """Take the oldest job of these buckets that waits for somebody, until the lease ends."""
    row = await pool.fetchrow(
        SQL.claim_job, list(fingerprints), list(fingerprints.values()), holder, until, now
    )
    return None if row is None else Claim(holder=holder, **row)


async def count_contacts(connection: Connection | Pool) -> int:
    """How many people a job has to walk past."""
    count: int = await connection.fetchval(SQL.count_contacts)
    return count


async def advance_job(
    connection: Connection, job: Claim, progress: Progress, until: datetime
) -> bool:
    """Note a chunk and prolong the lease; False if the job is not ours any more."""
    row = await connection.fetchrow(
        SQL.advance_job,
        job.id,
        job.holder,
        progress.cursor,
        progress.people,
        progress.joined,
        progress.left,
        until,
        job.total,
    )
    return row is not None


async def finish_job(connection: Connection | Pool, job: Claim, now: datetime) -> bool:
    """Note that everybody was looked at; False if the job is not ours any more."""
    return await connection.fetchrow(SQL.finish_job, job.id, job.holder, now) is not None


async def release_job(
    pool: Pool,
    job: Claim,
    run_after: datetime,
    *,
    status: JobStatus = JobStatus.PENDING,
    error: str | None = None,
) -> None:
    """Give a job back, for somebody to go on with from ``run_after`` on."""
    await pool.execute(SQL.release_job, job.id, job.holder, status, error, run_after)
