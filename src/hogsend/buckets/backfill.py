"""Jobs at work: a bucket's definition is new or another one, and the memberships catch up.

A job walks over all contacts in order of user id. A chunk is one transaction: it locks people,
judges them by set-based SQL in a statement that began after the locks were held, lets those who
match join silently, arms the timers of all whom the clock will move, sends those who have to leave
through the fold (which knows of shortest stays, and announces), and moves the job's cursor. A
runner that dies at any moment therefore repeats at most a chunk of which nothing was written.

Meanwhile live writes see to the people whom they touch themselves (``buckets/fold``), so in the end
everybody was looked at before anything happened to them: what held then is history and joins
silently, what came later is announced.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import uuid4

import asyncpg
import structlog
from msgspec.structs import replace

from hogsend.buckets.chunks import USE_INDEXES, ChunkStatements
from hogsend.buckets.definition import BUCKET_LEFT
from hogsend.buckets.jobs import (
    SQL,
    Claim,
    JobStatus,
    Progress,
    advance_job,
    claim_job,
    count_contacts,
    finish_job,
    release_job,
)
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.clock import Clock
from hogsend.contacts.store import hold_contacts, lock_existing
from hogsend.db.pool import UNREACHABLE, Connection, Pool
from hogsend.events.ingest import Ingest
from hogsend.events.model import Change
from hogsend.events.subscriber import Transaction

_log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=15)
_IDLE_S: Final = 1.0
_CHUNK_S: Final = 0.04
"""How long a chunk should hold its locks: who writes to one of its people waits for it."""
_SIZES: Final = (1_000, 10_000)
"""Chunks below a thousand cost more in themselves than in their people."""
_FIRST_SIZE: Final = 1_000
_DENSE: Final = 0.5
"""From this share of people about whom something is to be done, looking first does not pay."""

_BACKOFF: Final = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600))
_ATTEMPTS: Final = 5
_PASSING: Final = (*UNREACHABLE, asyncpg.TransactionRollbackError)


OnJoined: TypeAlias = "Callable[[Connection, str, Sequence[str], datetime], Awaitable[None]]"
"""Told, in a chunk's transaction, that some of these people joined the bucket at an instant."""


class _LostError(Exception):
    """The job is not ours any more; what the transaction did is undone."""


class JobRunner:
    """Works on jobs of buckets that this process evaluates, one chunk at each pass.

    Any number of them may run side by side; each job has one at a time.

    Args:
        on_joined: As ``OnJoined``.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        registry: Registry,
        ingest: Ingest,
        lease: timedelta = LEASE,
        on_joined: OnJoined | None = None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._registry = registry
        self._ingest = ingest
        self._lease = lease
        self._on_joined = on_joined
        self._holder = uuid4()
        self._walk: _Walk | None = None

    async def run_once(self) -> float:
        """Work on a chunk; returns the seconds until the next look for work."""
        walk = self._walk = self._walk or await self._claim()
        if walk is None:
            return _IDLE_S
        if walk.job.bucket_id not in self._registry.building:
            await self.release()
        else:
            await self._step(walk)
        return 0.0

    async def release(self) -> None:
        """Give the job back, if there is one; somebody goes on where it stands."""
        if self._walk is not None:
            await release_job(self._pool, self._walk.job, self._clock.now())
            self._walk = None

    async def _claim(self) -> _Walk | None:
        buckets = self._registry.buckets
        fingerprints = {id_: buckets[id_].fingerprint for id_ in self._registry.building}
        if not fingerprints:
            return None
        now = self._clock.now()
        job = await claim_job(self._pool, fingerprints, self._holder, now, now + self._lease)
        if job is None:
            return None
        if job.total is None:
            job = replace(job, total=await count_contacts(self._pool))
        return _Walk(
            job=job,
            bucket=buckets[job.bucket_id],
            pool=self._pool,
            clock=self._clock,
            ingest=self._ingest,
            lease=self._lease,
            on_joined=self._on_joined,
        )

    async def _step(self, walk: _Walk) -> None:
        try:
            if await walk.step():
                self._walk = None
        except _LostError:
            _log.info("job.lost", bucket=walk.job.bucket_id)
            self._walk = None
        except _PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - noted, shown and tried again
            await self._fail(walk.job, error)
            self._walk = None

    async def _fail(self, job: Claim, error: Exception) -> None:
        attempts = job.attempts + 1
        status = JobStatus.FAILED if attempts >= _ATTEMPTS else JobStatus.PENDING
        retry_at = self._clock.now() + _BACKOFF[min(attempts, len(_BACKOFF)) - 1]
        _log.exception("job.failed", bucket=job.bucket_id, attempts=attempts, retry_at=retry_at)
        text = f"{type(error).__name__}: {error}"
        await release_job(self._pool, job, retry_at, status=status, error=text)


class _Walk:
    """A claimed job on its way through the contacts."""

    def __init__(
        self,
        *,
        job: Claim,
        bucket: CompiledBucket,
        pool: Pool,
        clock: Clock,
        ingest: Ingest,
        lease: timedelta,
        on_joined: OnJoined | None,
    ) -> None:
        self.job = job
        self._pool = pool
        self._clock = clock
        self._ingest = ingest
        self._lease = lease
        self._on_joined = on_joined
        self._statements = ChunkStatements(bucket.meta, job.mark)
        self._size = _FIRST_SIZE
        # Almost everybody whom the clock can move gets a timer.
        self._dense = bucket.analysis.time_based

    async def step(self) -> bool:
        """Work on the next chunk; whether that was the end."""
        progress = await (self._lock_first() if self._dense else self._look_first())
        if progress is None:
            await self._finish()
            return True
        self.job = replace(
            self.job,
            cursor=progress.cursor,
            done=self.job.done + progress.people,
            attempts=0,
        )
        return False

    def _resize(self, took_s: float) -> None:
        factor = min(max(_CHUNK_S / max(took_s, 0.001), 0.5), 1.5)
        smallest, largest = _SIZES
        self._size = min(max(int(self._size * factor), smallest), largest)

    async def _finish(self) -> None:
        if not await finish_job(self._pool, self.job, self._clock.now()):
            raise _LostError
        _log.info("job.done", bucket=self.job.bucket_id, people=self.job.done)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        """A chunk's transaction; how long it holds its locks decides on the next chunk's size.

        Its commit does not wait for the disk. Should the server crash, the latest chunks are undone
        together with the cursor, and nobody can have acted on them: any commit that does wait, such
        as that of a journey that a leave started, takes those before it to the disk.
        """
        loop = asyncio.get_running_loop()
        async with self._pool.acquire() as connection:
            started = loop.time()
            async with connection.transaction():
                await connection.execute(f"SET LOCAL synchronous_commit = off; {USE_INDEXES}")
                yield connection
            self._resize(loop.time() - started)

    async def _look_first(self) -> Progress | None:
        """Find those about whom something is to be done, and lock only them."""
        async with self._pool.acquire() as reader, reader.transaction():
            await reader.execute(USE_INDEXES)
            survey = await self._statements.survey(
                reader, self._clock.now(), self.job.cursor, self._size
            )
        if survey.last is None:
            return None
        async with self._transaction() as connection:
            # Not those who were deleted meanwhile: were they created again, nobody would hold them.
            held = await hold_contacts(connection, survey.candidates) if survey.candidates else []
            return await self._write(connection, held, survey.last, survey.people)

    async def _lock_first(self) -> Progress | None:
        """Lock everybody at once, where hardly anybody will be left out."""
        async with self._transaction() as connection:
            rows = await connection.fetch(SQL.lock_chunk, self.job.cursor, self._size)
            if not rows:
                return None
            user_ids = [row["user_id"] for row in rows]
            return await self._write(connection, user_ids, user_ids[-1], len(user_ids))

    async def _write(
        self, connection: Connection, user_ids: Sequence[str], last: str, people: int
    ) -> Progress:
        progress = Progress(cursor=last, people=people)
        touched = 0
        if user_ids:
            now = self._clock.now()
            written = await self._statements.write(connection, now, user_ids)
            if written.joined and self._on_joined is not None:
                await self._on_joined(connection, self.job.bucket_id, user_ids, now)
            left = await self._let_leave(connection, written.leaving) if written.leaving else 0
            progress = replace(progress, joined=written.joined, left=left)
            touched = written.touched
        self._dense = touched > _DENSE * people
        until = self._clock.now() + self._lease
        if not await advance_job(connection, self.job, progress, until):
            raise _LostError
        return progress

    async def _let_leave(self, connection: Connection, user_ids: Sequence[str]) -> int:
        """Look at members whose criteria do not hold, as the pump would; how many left."""
        contacts = await lock_existing(connection, user_ids)
        bucket_ids = frozenset([self.job.bucket_id])
        transaction = Transaction(
            connection=connection,
            now=self._clock.now(),
            changes=[
                Change(contact=contact, before=contact, revisit=bucket_ids)
                for contact in contacts.values()
            ],
        )
        await self._ingest.settle(transaction)
        events = (change.event for change in transaction.changes if change.event)
        return sum(event.name == BUCKET_LEFT for event in events)
