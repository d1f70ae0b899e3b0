"""``bench latency``: how late leaves by the clock are, and how long events over HTTP take."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime

from hogsend.app.engine import Engine
from hogsend.buckets.definition import BUCKET_LEFT, Bucket, define_bucket
from hogsend.buckets.registry import Registry
from hogsend.buckets.timers import Pump
from hogsend.cli.bench.paced import measure_rate
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import Note, scratch_schema
from hogsend.clock import Clock, SystemClock
from hogsend.db.pool import Pool
from hogsend.durations import seconds
from hogsend.events.parse import parse_event
from hogsend.runtime.service import Service
from hogsend.settings import Settings

_WINDOW_S = 1.5


async def bench_latency(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield the lateness of single timers, and the latency of single events over HTTP."""
    timers = 100 if quick else 1000
    note(f"waiting for {timers:,} timers, about 20 a second")
    async with scratch_schema(settings, connections=4) as pool:
        yield await _measure_timers(pool, timers)
    yield await measure_rate(settings, quick, note)


@dataclass(slots=True)
class _TimedPump:
    """Runs a pump and notes how long after its instant each leave was committed."""

    pump: Pump
    pool: Pool
    clock: Clock
    lateness_s: list[float] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    async def run_once(self) -> float:
        delay = await self.pump.run_once()
        committed_at = self.clock.now()
        for row in await self.pool.fetch(_LEAVES, BUCKET_LEFT, list(self.seen)):
            self.seen.add(row["user_id"])
            self._note(row["occurred_at"], committed_at)
        return delay

    def _note(self, due_at: datetime, committed_at: datetime) -> None:
        self.lateness_s.append((committed_at - due_at).total_seconds())


_LEAVES = "SELECT user_id, occurred_at FROM user_events WHERE event = $1 AND user_id <> ALL($2)"


async def _measure_timers(pool: Pool, timers: int) -> Case:
    clock = SystemClock()
    engine = Engine(pool=pool, registry=Registry([_recent()]), clock=clock)
    timed = _TimedPump(engine.pump, pool, clock)
    pump = Service("pump", timed)
    pump.start()
    chance = random.Random(1)  # noqa: S311 - a benchmark's traffic, not a secret
    for number in range(timers):
        item = {"name": "seen", "userId": f"user_{number}"}
        await engine.ingest.write([parse_event(item, clock.now())])
        await asyncio.sleep(chance.random() * 0.1)
    await asyncio.sleep(_WINDOW_S + 1)
    await pump.stop()
    p50, p99 = percentiles_ms(timed.lateness_s)
    return Case(
        name="latency.timer",
        value=p99,
        unit="ms late (p99)",
        p50_ms=p50,
        p99_ms=p99,
        extra={"timers": len(timed.lateness_s)},
    )


def _recent() -> Bucket:
    return define_bucket(
        id="recent",
        name="Seen just now",
        criteria=lambda b: b.event("seen").within(seconds(_WINDOW_S)).exists(),
    )
