"""A claimed job on its way through the contacts, in order of user id.

A chunk is one transaction: it locks people, judges them by set-based SQL in a statement that began
after the locks were held, lets those who match join silently, arms the timers of all whom the clock
will move, sends those who have to leave through the fold (which knows of shortest stays, and
announces), and moves the job's cursor. Who dies at any moment therefore repeats at most chunks of
which nothing was written.

Chunks are worked on side by side, and take effect in order: one locks its people after the one
before has locked its own, so that nobody waits for a lock in a circle, and moves the cursor after
the one before has committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from hogsend.buckets.chunks import ChunkStatements
from hogsend.buckets.definition import BUCKET_LEFT
from hogsend.buckets.jobs import SQL, Claim, Progress, advance_job
from hogsend.buckets.registry import CompiledBucket
from hogsend.clock import Clock
from hogsend.contacts.store import hold_contacts, lock_existing
from hogsend.db.pool import Connection, Pool
from hogsend.events.ingest import Ingest
from hogsend.events.model import Change
from hogsend.events.subscriber import Transaction

_LANES: Final = 2
"""Chunks at once: a job is work for the database alone, which does one on each core."""

_CHUNK_S: Final = 0.04
"""How long a chunk should hold its locks: who writes to one of its people waits for it."""
_SIZES: Final = (1_000, 10_000)
"""Chunks below a thousand cost more in themselves than in their people."""
_FIRST_SIZE: Final = 1_000
_DENSE: Final = 0.2
"""From this share of people about whom something is to be done, looking first does not pay."""


OnJoined: TypeAlias = "Callable[[Connection, str, Sequence[str], datetime], Awaitable[None]]"
"""Told, in a chunk's transaction, that some of these people joined the bucket at an instant."""


class LostError(Exception):
    """The job is not ours any more; what the transaction did is undone."""


class _Span(Struct, frozen=True, kw_only=True):
    """A chunk's people: those behind one user id, up to another."""

    after: str
    last: str
    people: int


class _Turn:
    """What the chunk behind waits for: the locks, and the end of the transaction."""

    def __init__(self) -> None:
        self.locked = asyncio.Event()
        self.ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def end(self, *, committed: bool) -> None:
        """Let the chunk behind go on, if this one was committed."""
        self.locked.set()
        self.ended.set_result(committed)


class Walk:
    """A claimed job at work."""

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
        """Work on the next chunks; whether there were none left."""
        spans = await self._next_spans()
        turns = [_Turn() for _ in range(len(spans) + 1)]
        turns[0].end(committed=True)
        chunks = [
            self._chunk(span, before, turn)
            for span, (before, turn) in zip(spans, pairwise(turns), strict=True)
        ]
        for done in await asyncio.gather(*chunks, return_exceptions=True):
            if isinstance(done, BaseException):
                raise done
            self.job = replace(
                self.job, cursor=done.cursor, done=self.job.done + done.people, attempts=0
            )
        return not spans

    async def _next_spans(self) -> list[_Span]:
        rows = await self._pool.fetch(SQL.next_chunks, self.job.cursor, self._size, _LANES)
        ends = [self.job.cursor, *(row["last"] for row in rows)]
        return [
            _Span(after=after, last=row["last"], people=row["people"])
            for after, row in zip(ends, rows, strict=False)
        ]

    async def _chunk(self, span: _Span, before: _Turn, turn: _Turn) -> Progress:
        committed = False
        try:
            work = self._lock_first if self._dense else self._look_first
            progress = await work(span, before, turn)
            committed = True
        finally:
            turn.end(committed=committed)
        return progress

    def _resize(self, took_s: float) -> None:
        factor = min(max(_CHUNK_S / max(took_s, 0.001), 0.5), 1.5)
        smallest, largest = _SIZES
        self._size = min(max(int(self._size * factor), smallest), largest)

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
                await connection.execute("SET LOCAL synchronous_commit = off")
                yield connection
            self._resize(loop.time() - started)

    async def _look_first(self, span: _Span, before: _Turn, turn: _Turn) -> Progress:
        """Find those about whom something is to be done, and lock only them."""
        async with self._pool.acquire() as reader:
            found = await self._statements.survey(reader, self._clock.now(), span.after, span.last)
        await before.locked.wait()
        async with self._transaction() as connection:
            # Not those who were deleted meanwhile: were they created again, nobody would hold them.
            held = await hold_contacts(connection, found) if found else []
            turn.locked.set()
            return await self._write(connection, held, span, before)

    async def _lock_first(self, span: _Span, before: _Turn, turn: _Turn) -> Progress:
        """Lock everybody at once, where hardly anybody will be left out."""
        await before.locked.wait()
        async with self._transaction() as connection:
            rows = await connection.fetch(SQL.lock_chunk, span.after, span.last)
            turn.locked.set()
            return await self._write(connection, [row["user_id"] for row in rows], span, before)

    async def _write(
        self, connection: Connection, user_ids: Sequence[str], span: _Span, before: _Turn
    ) -> Progress:
        progress = Progress(cursor=span.last, people=span.people)
        touched = 0
        if user_ids:
            now = self._clock.now()
            written = await self._statements.write(connection, now, user_ids)
            if written.joined and self._on_joined is not None:
                await self._on_joined(connection, self.job.bucket_id, user_ids, now)
            left = await self._let_leave(connection, written.leaving) if written.leaving else 0
            progress = replace(progress, joined=written.joined, left=left)
            touched = written.touched
        self._dense = touched > _DENSE * span.people
        until = self._clock.now() + self._lease
        if not (await before.ended and await advance_job(connection, self.job, progress, until)):
            raise LostError
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
