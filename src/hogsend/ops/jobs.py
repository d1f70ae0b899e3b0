"""The jobs that bring memberships in line with changed definitions, as operators see them."""

from __future__ import annotations

from hogsend.app.client import Client
from hogsend.buckets.jobs import JobStatus
from hogsend.buckets.rollout import JobKind
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import Id, Instant, Listing, Page, Record

SQL = load_queries(__package__)


class BucketJob(Record):
    """A walk over all contacts for one bucket.

    Attributes:
        kind: The bucket's first (``backfill``) or a later one.
        done: How many people were looked at, of ``total`` (null: not counted yet).
        joined: How many of them joined, silently.
        left: How many left, announced.
        attempts: How often it failed in a row, last with ``error``.
        run_after: When it may begin, or is tried again.
    """

    id: Id
    bucket_id: str
    kind: JobKind
    status: JobStatus
    done: int
    total: int | None
    joined: int
    left: int
    attempts: int
    error: str | None
    run_after: Instant
    created_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class BucketJobs(Listing):
    """Jobs, newest first."""

    jobs: list[BucketJob]


async def list_jobs(pool: Pool, page: Page, bucket_id: str | None = None) -> BucketJobs:
    """The jobs of a bucket, or of all."""
    rows = await pool.fetch(SQL.list_jobs, bucket_id, page.limit, page.offset)
    return BucketJobs(
        jobs=[BucketJob.of(row) for row in rows],
        total=await pool.fetchval(SQL.count_jobs, bucket_id),
        limit=page.limit,
        offset=page.offset,
    )


async def request_job(client: Client, bucket_id: str, *, actor: str) -> BucketJob:
    """Let a worker look at everybody again; a job that waits or failed is tried now.

    Raises:
        ConflictError: No running app defines the bucket.
    """
    action = Action(actor=actor, name="bucket.reevaluate", target=bucket_id)
    pool = client.engine.pool
    async with pool.acquire() as connection, connection.transaction():
        await client.control.request(connection, bucket_id)
        await record_action(connection, action, client.clock.now())
    return (await list_jobs(pool, Page(limit=1), bucket_id)).jobs[0]


async def retire_bucket(client: Client, bucket_id: str, *, actor: str) -> None:
    """Note that a bucket is in no code any more; its members stay as they are.

    Raises:
        NotFoundError: There is no such bucket in the database.
        ConflictError: A running process has it in its code.
    """
    action = Action(actor=actor, name="bucket.retire", target=bucket_id)
    async with client.engine.pool.acquire() as connection, connection.transaction():
        await client.control.retire(connection, bucket_id)
        await record_action(connection, action, client.clock.now())
