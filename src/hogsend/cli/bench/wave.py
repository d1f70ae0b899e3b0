"""``bench wave``: many memberships expire at one instant while live events flow.

Live traffic is single events at a fixed rate, first against an idle engine, then during the wave;
each event makes its user join, so its latency is that of a committed membership. The pump runs in
a process of its own, as ``hogsend worker`` does beside ``hogsend api``.
"""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from multiprocessing.connection import Connection

import uvloop

from hogsend.app.engine import Engine
from hogsend.buckets.definition import Bucket, define_bucket
from hogsend.buckets.registry import Registry
from hogsend.buckets.timers import LANES
from hogsend.cli.bench.live import RATE, LiveTraffic
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import SQL, Note, schema_name, scratch_schema
from hogsend.clock import SystemClock
from hogsend.db.embedded import ensure_database
from hogsend.db.pool import Pool, create_pool
from hogsend.durations import days, seconds
from hogsend.settings import Settings

_WINDOW = days(30)
_IDLE_S = 5.0
_LEFT = "SELECT count(*) FROM user_events WHERE event = 'bucket:left:recent'"


async def bench_wave(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield the drain rate, the lateness, and the live latency against idle."""
    size = 10_000 if quick else 100_000
    async with scratch_schema(settings, connections=6) as pool:
        wave = _Wave(settings=settings, pool=pool, size=size, note=note)
        for case in await wave.run():
            yield case


def _new_users() -> Iterator[str]:
    return (f"live_{number}" for number in count(1))


def _recent() -> Bucket:
    return define_bucket(
        id="recent",
        name="Seen in 30 days",
        criteria=lambda b: b.event("seen").within(_WINDOW).exists(),
    )


@dataclass(slots=True, kw_only=True)
class _Wave:
    settings: Settings
    pool: Pool
    size: int
    note: Note
    lateness_s: list[float] = field(default_factory=list)

    async def run(self) -> list[Case]:
        """Idle, then the wave."""
        engine = Engine(pool=self.pool, registry=Registry([_recent()]), clock=SystemClock())
        due_at = engine.clock.now() + seconds(_IDLE_S + 5 + self.size / 10_000)
        self.note(f"arming {self.size:,} timers for one instant")
        await self.pool.execute(SQL.generate_wave, self.size, "recent", due_at, _WINDOW)
        await self.pool.execute("VACUUM ANALYZE")
        async with engine.batcher:
            self.note(f"{RATE} live events a second, idle")
            traffic = LiveTraffic(engine=engine, name="seen", users=_new_users())
            idle = await traffic.run_for(_IDLE_S)
            drained = asyncio.create_task(self._drain(due_at))
            await asyncio.sleep(max(0.0, (due_at - engine.clock.now()).total_seconds()))
            self.note("the wave")
            busy = await traffic.run_while(lambda: not drained.done())
        took = await drained
        left = await self.pool.fetchval(_LEFT)
        return self._cases(took, left, idle, busy)

    def _cases(self, took: float, left: int, idle: list[float], busy: list[float]) -> list[Case]:
        late, calm, during = map(percentiles_ms, (self.lateness_s, idle, busy))
        return [
            Case(
                name="wave.drain",
                value=left / took,
                unit="transitions/s",
                extra={"transitions": left, "missing": self.size - left},
            ),
            Case(
                name="wave.lateness",
                value=late[1],
                unit="ms late (p99)",
                p50_ms=late[0],
                p99_ms=late[1],
            ),
            Case(
                name="wave.live",
                value=during[1],
                unit="ms (p99)",
                baseline=calm[1],
                p50_ms=during[0],
                p99_ms=during[1],
                extra={"idle_p50_ms": calm[0], "events": len(busy)},
            ),
        ]

    async def _drain(self, due_at: datetime) -> float:
        """Have a worker drain the wave; returns the seconds it took."""
        ours, theirs = multiprocessing.Pipe(duplex=False)
        worker = multiprocessing.get_context("spawn").Process(
            target=_work, args=(self.settings, schema_name(), due_at, theirs), daemon=True
        )
        worker.start()
        theirs.close()
        passes: list[tuple[float, int]] = await asyncio.to_thread(ours.recv)
        await asyncio.to_thread(worker.join)
        for late, users in passes:
            self.lateness_s.extend([late] * users)
        return passes[-1][0]


def _work(settings: Settings, schema: str, due_at: datetime, results: Connection) -> None:
    """The worker process: drain, then report each pass as (seconds after due, users)."""
    results.send(uvloop.run(_drain(settings, schema, due_at)))
    results.close()


async def _drain(settings: Settings, schema: str, due_at: datetime) -> list[tuple[float, int]]:
    passes = []
    async with ensure_database(settings) as database:
        pool = await create_pool(database.dsn, min_size=LANES, max_size=LANES, schema=schema)
        engine = Engine(pool=pool, registry=Registry([_recent()]), clock=SystemClock())
        await asyncio.sleep((due_at - engine.clock.now()).total_seconds())
        while users := await engine.pump.settle_due():
            passes.append(((engine.clock.now() - due_at) / timedelta(seconds=1), users))
        await pool.close()
    return passes
