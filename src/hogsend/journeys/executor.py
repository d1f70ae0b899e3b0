"""The executor: claims the runs that are due, and lets their functions go on.

A claim is a lease: ``holder`` and ``lease_expires_at`` on the row, and an epoch that only this
claim writes under. ``Heartbeat`` prolongs the leases of runs that take long. A worker that dies
leaves leases that expire, and others claim its runs; what it had not recorded happens again, which
does not count as a failure of the run.

Unless it is the run that kills workers. One that was in the hands of three dead workers without
getting on is a suspect: suspects are claimed one by one, so that a run that only stood beside one
comes to its end. Whatever has then killed ``MAX_CRASHES`` workers at the same place has failed.

No connection is held while a journey's function runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import asyncpg
import structlog

from hogsend.clock import Clock
from hogsend.db.pool import UNREACHABLE, Pool
from hogsend.email.sending import sending_through
from hogsend.journeys.context import Services, User
from hogsend.journeys.errors import DivergenceError
from hogsend.journeys.journal import Ends, Journal
from hogsend.journeys.model import Run, Save, Status
from hogsend.journeys.reactions import context_class
from hogsend.journeys.registry import Registry
from hogsend.journeys.replay import Exited, Lost, Replay, Suspended
from hogsend.journeys.sender import RunSender
from hogsend.journeys.store import claim_runs, extend_leases, next_wake, release_runs
from hogsend.telemetry.traces import span

POLL_S: Final = 0.1
"""The longest sleep; as for bucket timers."""

LEASE: Final = timedelta(seconds=30)
BACKOFF: Final = (
    timedelta(seconds=1),
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
)
"""How long after each failure without progress a run is tried again; after the last, it failed."""

MAX_CRASHES: Final = 20
"""Workers that die with a run in hand, at the same place of its journal, before it has failed."""

_CONCURRENCY: Final = 1000
_BATCH: Final = 500
_BUSY_S: Final = 0.005
_PATIENCE_S: Final = 0.05
_TRACE: Final = 20_000
_SUSPECTS_S: Final = 3.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class _Held:
    """A run in our hands."""

    run: Run
    task: asyncio.Task[None]
    claimed_at: datetime


class Executor:
    """Runs journeys; any number may share a database.

    Args:
        services: What journeys reach through their context.
        concurrency: Runs in hand, at most.
        on_error: Told about every exception of a journey's own.
        ends: Told about every run that comes to its end.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        registry: Registry,
        services: Services,
        concurrency: int = _CONCURRENCY,
        on_error: Callable[[Run, Exception], None] = lambda _run, _error: None,
        ends: Ends | None = None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._registry = registry
        self._services = services
        self._concurrency = concurrency
        self._on_error = on_error
        self._journal = Journal(pool, ends)
        self._holder = uuid4()
        self._held: dict[UUID, _Held] = {}
        self._freed = asyncio.Event()

    async def run_once(self) -> float:
        """Claim a batch and start it; returns the seconds until the next run is due."""
        limit = await self._room()
        if limit and len(await self._claim(limit)) == limit:
            return 0.0
        due_at = await self.next_due()
        if due_at is None:
            return POLL_S
        ahead = (due_at - self._clock.now()).total_seconds()
        return _BUSY_S if ahead <= 0 else min(ahead, POLL_S)

    async def settle_due(self, limit: int = _BATCH) -> int:
        """Claim a batch and see it through; returns how many runs it had."""
        tasks = [held.task for held in await self._claim(limit)]
        if tasks:
            await asyncio.wait(tasks)
        return len(tasks)

    async def next_due(self) -> datetime | None:
        """The earliest instant at which a run is due."""
        live = self._registry.live_ids
        return await next_wake(self._pool, live, self._clock.now()) if live else None

    async def heartbeat(self) -> float:
        """Prolong the leases of runs that take long, and let go of those that are lost.

        Returns:
            The seconds until the next time.
        """
        now = self._clock.now()
        long = [held for held in self._held.values() if now - held.claimed_at >= LEASE / 6]
        if long:
            standing = await extend_leases(self._pool, [held.run for held in long], now + LEASE)
            for held in long:
                if held.run.id not in standing:
                    held.task.cancel()
        return LEASE.total_seconds() / 6

    async def try_suspect(self) -> float:
        """See a run through that may be killing workers; returns the seconds until the next."""
        held = await self._claim(1, suspects=True)
        if not held:
            return _SUSPECTS_S
        await asyncio.wait([each.task for each in held])
        return 0.0

    async def drain(self, timeout: float) -> None:  # noqa: ASYNC109 - a deadline, then more to do
        """Let the runs in hand come to a rest for ``timeout`` seconds, then hand them back."""
        held = list(self._held.values())
        if not held:
            return
        await asyncio.wait([each.task for each in held], timeout=timeout)
        late = [each for each in held if not each.task.done()]
        for each in late:
            each.task.cancel()
        if late:
            await asyncio.wait([each.task for each in late], timeout=1)
            await release_runs(self._pool, [each.run for each in late])

    async def _room(self) -> int:
        """How many runs to claim: a good part of a batch, after a short while fewer."""
        enough = min(_BATCH, self._concurrency) / 2
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                while self._concurrency - len(self._held) < enough:
                    self._freed.clear()
                    await self._freed.wait()
        return min(_BATCH, self._concurrency - len(self._held))

    async def _claim(self, limit: int, *, suspects: bool = False) -> list[_Held]:
        live = self._registry.live_ids
        if not live:
            return []
        now = self._clock.now()
        runs = await claim_runs(
            self._pool,
            live,
            now=now,
            limit=limit,
            holder=self._holder,
            lease_until=now + LEASE,
            suspects=suspects,
        )
        return [self._start(run, now) for run in runs]

    def _start(self, run: Run, now: datetime) -> _Held:
        task = asyncio.create_task(self._execute(run))
        held = self._held[run.id] = _Held(run=run, task=task, claimed_at=now)
        task.add_done_callback(lambda _: self._drop(run.id))
        return held

    def _drop(self, run_id: UUID) -> None:
        self._held.pop(run_id, None)
        self._freed.set()

    async def _execute(self, run: Run) -> None:
        with span(
            "hogsend.journey", {"hogsend.journey": run.journey_id, "hogsend.run": str(run.id)}
        ):
            await self._go_on(run)

    async def _go_on(self, run: Run) -> None:
        if run.crashes >= MAX_CRASHES:
            save: Save | None = _deadly(run, self._clock.now())
        else:
            save = await self._pass(Replay(run, self._journal, self._clock))
        if save is None:
            return
        try:
            await self._journal.save(save)
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            # The lease expires, and somebody runs it again.
            _log.warning("journey.unsaved", journey=run.journey_id, run=str(run.id), error=error)

    async def _pass(self, replay: Replay) -> Save | None:
        """Call the function; returns what to write about its end, if anything."""
        run = replay.run
        try:
            try:
                await self._call(replay)
            finally:
                await replay.settle()
            if replay.over is None:
                replay.check_finished()
        except (Suspended, Lost):
            return None
        except Exited:
            pass  # as replay.over tells
        except Exception as error:  # noqa: BLE001 - a journey may raise anything
            if not isinstance(replay.over, Suspended | Lost | Exited):
                self._report(run, error)
                return _failure(replay, error, self._clock.now())
        return _end(replay, self._clock.now())

    async def _call(self, replay: Replay) -> None:
        run = replay.run
        journey = self._registry.journeys[run.journey_id]
        user = User(id=run.user_id, email=run.contact.email, properties=run.contact.properties)
        with sending_through(RunSender(replay, journey.meta, self._services)):
            context = context_class(journey.meta.trigger)(replay, journey.meta, self._services)
            await replay.watched(journey.function(user, context))

    def _report(self, run: Run, error: Exception) -> None:
        _log.warning(
            "journey.error",
            journey=run.journey_id,
            run=str(run.id),
            event_id=str(run.event.id),
            user=run.user_id,
            attempt=run.attempts + 1,
            error=repr(error),
        )
        self._on_error(run, error)


class Heartbeat:
    """Keeps the runs of an executor claimed; a loop of its own, so that nothing delays it."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def run_once(self) -> float:
        """Prolong leases; returns the seconds until the next time."""
        return await self._executor.heartbeat()


class Suspects:
    """Tries the runs, one at a time, with which workers have died; a loop of its own, too."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    async def run_once(self) -> float:
        """One run; returns the seconds until the next."""
        return await self._executor.try_suspect()


def _deadly(run: Run, now: datetime) -> Save:
    """How a run is written down with which one worker after the other has died."""
    place = f"after {run.journal[-1].call}" if run.journal else "at its beginning"
    _log.error("journey.deadly", journey=run.journey_id, run=str(run.id), crashes=run.crashes)
    return Save(
        run=run,
        entries=[],
        now=now,
        status=Status.FAILED,
        attempts=run.attempts,
        error=(
            f"{run.crashes} workers died while they ran this journey {place}. Look at their ends "
            "(out of memory?), mend the journey, and retry the run."
        ),
    )


def _end(replay: Replay, now: datetime) -> Save | None:
    """How a run whose function has ended without an error is written down."""
    match replay.over:
        case None:
            return Save(run=replay.run, entries=replay.unsaved, now=now, status=Status.COMPLETED)
        case Exited(reason=reason):
            return Save(
                run=replay.run,
                entries=replay.unsaved,
                now=now,
                status=Status.EXITED,
                exit_reason=reason,
            )
        case DivergenceError() as error:  # swallowed by the journey
            return _failure(replay, error, now)
        case _:
            return None


def _failure(replay: Replay, error: Exception, now: datetime) -> Save:
    """How an error is written down: to be tried again, or for good."""
    attempts = 1 if replay.progressed else replay.run.attempts + 1
    final = isinstance(error, DivergenceError) or attempts > len(BACKOFF)
    trace = "".join(traceback.format_exception(error))[-_TRACE:]
    return Save(
        run=replay.run,
        entries=replay.unsaved,
        now=now,
        status=Status.FAILED if final else Status.ACTIVE,
        retry_at=None if final else now + BACKOFF[attempts - 1],
        attempts=attempts,
        error=_storable(f"{type(error).__name__}: {error}"),
        traceback=_storable(trace),
    )


def _storable(text: str) -> str:
    return text.replace("\0", "\\0").encode(errors="replace").decode()
