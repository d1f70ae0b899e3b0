"""``bench journeys``: enrolments and wakes a second, and what sleepers cost.

The journey takes a step, sleeps, and takes another. Waking is claiming, replaying, and recording
the second step and the end. The worker of ``sleepers`` and ``restart`` is a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from hogsend.app.engine import Engine
from hogsend.app.journeys import register_journeys
from hogsend.buckets.registry import Registry
from hogsend.cli.bench.report import Case
from hogsend.cli.bench.scratch import SQL, Note, scratch_schema
from hogsend.clock import SystemClock
from hogsend.db.pool import Pool
from hogsend.durations import days, hours, seconds
from hogsend.events.batcher import Batcher
from hogsend.events.model import NewEvent, Write
from hogsend.journeys.context import JourneyContext, User
from hogsend.journeys.definition import define_journey
from hogsend.journeys.executor import POLL_S
from hogsend.settings import Settings

_BATCH: Final = 500
_LANES: Final = 2


async def bench_journeys(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield enrolments and wakes a second, then memory and restart with many sleepers."""
    size = 20_000 if quick else 100_000
    async with scratch_schema(settings, connections=6) as pool:
        bench = _Bench(pool=pool, engine=make_engine(pool), size=size, note=note)
        yield await bench.enroll()
        yield await bench.begin()
        yield await bench.wake()
        for sleepers in (100_000,) if quick else (100_000, 1_000_000):
            for case in await bench.sleep(sleepers):
                yield case


@define_journey(id="tour", name="Tour", trigger="go")
async def tour(_: User, ctx: JourneyContext) -> None:
    """A step, a sleep, a step."""
    await ctx.step("first", lambda: 1)
    await ctx.sleep(days(1))
    await ctx.step("second", lambda: 2)


def make_engine(pool: Pool) -> Engine:
    """An engine that runs the journey."""
    buckets = Registry(())
    return Engine(
        pool=pool,
        registry=buckets,
        clock=SystemClock(),
        journeys=register_journeys([tour], buckets),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bench:
    pool: Pool
    engine: Engine
    size: int
    note: Note

    async def enroll(self) -> Case:
        """Events that each start a run, against events that do not."""
        self.note(f"{self.size:,} enrolments")
        await self._ingest("other", 5_000)
        plain = await self._ingest("act", self.size)
        enrolled = await self._ingest("go", self.size)
        count = await self.pool.fetchval("SELECT count(*) FROM journey_states")
        return Case(
            name="journeys.enroll",
            value=self.size / enrolled,
            unit="enrolments/s",
            baseline=self.size / plain,
            extra={"runs": count},
        )

    async def begin(self) -> Case:
        """Their first step, and going to sleep."""
        self.note(f"{self.size:,} first steps")
        took = await self._settle()
        asleep = await self.pool.fetchval(
            "SELECT count(*) FROM journey_states WHERE status = 'waiting'"
        )
        return Case(name="journeys.begin", value=asleep / took, unit="starts/s")

    async def wake(self) -> Case:
        """Sleepers that are all due, against a bare claim-and-update of as many rows."""
        self.note(f"{self.size:,} wakes")
        await self._sleepers(self.size, due_in_s=-1)
        took = await self._settle()
        woken = await self.pool.fetchval(
            "SELECT count(*) FROM journey_states WHERE status = 'completed'"
        )
        await self._sleepers(self.size, due_in_s=-1)
        bare = await self._bare()
        return Case(
            name="journeys.wake",
            value=woken / took,
            unit="wakes/s",
            baseline=self.size / bare,
            extra={"missing": self.size - woken},
        )

    async def sleep(self, sleepers: int) -> list[Case]:
        """A new worker's memory with so many sleepers, and how soon it wakes one that is due."""
        self.note(f"{sleepers:,} sleepers")
        await self._sleepers(sleepers, due_in_s=hours(1).total_seconds())
        now = self.engine.clock.now()
        wake_at = now - seconds(1)
        await self.pool.execute(SQL.generate_sleepers, 1, "tour", wake_at, now - days(1), "early_")
        found = await _worker(self.pool)
        return [
            Case(
                name="journeys.sleepers",
                value=found["rss_mb"],
                unit="MB",
                extra={"sleepers": sleepers},
            ),
            Case(
                name="journeys.restart",
                value=found["ready_s"],
                unit="s",
                extra={"sleepers": sleepers},
            ),
        ]

    async def _ingest(self, name: str, count: int) -> float:
        """Send ``count`` events of as many users; returns the seconds it took."""
        writes = [
            Write(user_id=f"user_{n}", event=NewEvent(name=name, properties={"path": "/home"}))
            for n in range(count)
        ]
        async with Batcher(self.engine.ingest) as batcher:
            started = time.perf_counter()
            chunks = [writes[start : start + _BATCH] for start in range(0, count, _BATCH)]
            queue = iter(chunks)

            async def client() -> None:
                for chunk in queue:
                    await batcher.submit(chunk)

            await asyncio.gather(*(client() for _ in range(4)))
            return time.perf_counter() - started

    async def _sleepers(self, count: int, *, due_in_s: float) -> None:
        now = self.engine.clock.now()
        await self.pool.execute("TRUNCATE journey_states")
        wake_at = now + seconds(due_in_s)
        await self.pool.execute(SQL.generate_sleepers, count, "tour", wake_at, now - days(1), "u_")
        await self.pool.execute("VACUUM ANALYZE journey_states")
        await self.pool.execute("CHECKPOINT")

    async def _settle(self) -> float:
        """Run what is due, as a worker does; returns the seconds it took."""
        started = time.perf_counter()
        executor = self.engine.executor
        while (delay := await executor.run_once()) < POLL_S:  # noqa: ASYNC110 - as the service does
            await asyncio.sleep(delay)
        await executor.drain(60)
        return time.perf_counter() - started

    async def _bare(self) -> float:
        now = self.engine.clock.now()
        started = time.perf_counter()

        async def lane() -> None:
            while await self.pool.fetch(SQL.bare_wake, now, "tour", _BATCH):
                pass

        await asyncio.gather(*(lane() for _ in range(_LANES)))
        return time.perf_counter() - started


async def _worker(pool: Pool) -> dict[str, float]:
    """What a worker in a new process tells about itself."""
    schema: str = await pool.fetchval("SELECT current_schema()")
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hogsend.cli.bench.sleeper",
        schema,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdout is None:
        raise RuntimeError("the worker has no output")
    await process.stdout.readline()
    ready_s = time.perf_counter() - started
    output, _ = await process.communicate()
    told: dict[str, float] = json.loads(output)
    return {**told, "ready_s": ready_s}
