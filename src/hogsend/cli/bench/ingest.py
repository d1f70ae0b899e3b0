"""``bench ingest``: the engine against a bare insert of the same events.

Both write to the same indexed table, over as many connections, in turn, several rounds of each;
the figures are medians. The engine's side begins with the JSON object that a client sends.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from typing import Any

from uuid_utils import uuid7

from hogsend.app.engine import Engine
from hogsend.buckets.registry import Registry
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import SQL, Note, classic_buckets, populate, scratch_schema
from hogsend.clock import SystemClock
from hogsend.db.pool import Pool
from hogsend.events.batcher import Batcher
from hogsend.events.ingest import Ingest
from hogsend.events.model import Outcome, Write
from hogsend.events.parse import parse_event
from hogsend.settings import Settings

_LANES = 2
_BATCHES = (1, 20, 100, 500)
_CALLS_PER_BATCH = 10
_AHEAD = 3 * _LANES * _CALLS_PER_BATCH
"""Calls under way at once: enough for a lane to find a full batch waiting when it is free."""


_SKEW = 3
"""Few people are active often and many seldom: half of the events come from an eighth of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    contacts: int
    events: int
    rounds: int
    round_s: float


_FULL = _Scale(contacts=200_000, events=3_000_000, rounds=5, round_s=3.0)
_QUICK = _Scale(contacts=20_000, events=300_000, rounds=3, round_s=0.8)


async def bench_ingest(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield one case per batch size."""
    scale = _QUICK if quick else _FULL
    buckets = classic_buckets()
    async with scratch_schema(settings, connections=_LANES + 2) as pool:
        await populate(
            pool,
            buckets,
            datetime.now(UTC),
            contacts=scale.contacts,
            events=scale.events,
            note=note,
        )
        stream = _stream(scale.contacts)
        for batch in _BATCHES:
            note(f"measuring batches of {batch}")
            yield await _measure(pool, Registry(buckets), stream, batch, scale)


@dataclass(slots=True)
class _TimedIngest:
    """Runs another ingest and notes how long each transaction took."""

    inner: Ingest
    seconds: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        started = time.perf_counter()
        outcomes = await self.inner.write(writes)
        self.seconds.append(time.perf_counter() - started)
        self.sizes.append(len(writes))
        return outcomes


async def _measure(pool: Pool, registry: Registry, stream: Any, batch: int, scale: _Scale) -> Case:
    engine = Engine(pool=pool, registry=registry, clock=SystemClock())
    timed = _TimedIngest(engine.ingest)
    call = max(1, batch // _CALLS_PER_BATCH)
    baseline: list[float] = []
    ours: list[float] = []
    async with Batcher(timed, lanes=_LANES, max_batch=batch) as batcher:

        async def engine_call() -> None:
            now = engine.clock.now()
            await batcher.submit([parse_event(item, now) for item in islice(stream, call)])

        async def baseline_call() -> None:
            await _insert(pool, list(islice(stream, batch)))

        await _rate(engine_call, _AHEAD, call, scale.round_s)
        timed.seconds.clear()
        timed.sizes.clear()
        for _ in range(scale.rounds):
            baseline.append(await _rate(baseline_call, _LANES, batch, scale.round_s))
            ours.append(await _rate(engine_call, _AHEAD, call, scale.round_s))
        statements = await _count_statements(pool, engine.ingest, stream, batch)
    p50, p99 = percentiles_ms(timed.seconds)
    return Case(
        name=f"ingest.batch{batch}",
        value=median(ours),
        unit="events/s",
        baseline=median(baseline),
        p50_ms=p50,
        p99_ms=p99,
        extra={"events_per_flush": median(timed.sizes), "statements_per_flush": statements},
    )


async def _rate(
    call: Callable[[], Awaitable[None]], at_once: int, size: int, seconds: float
) -> float:
    """Events per second of ``call``, which handles ``size``, run by ``at_once`` tasks."""
    started = time.perf_counter()
    done = 0

    async def keep_calling() -> None:
        nonlocal done
        while time.perf_counter() - started < seconds:
            await call()
            done += size

    await asyncio.gather(*(keep_calling() for _ in range(at_once)))
    return done / (time.perf_counter() - started)


async def _insert(pool: Pool, items: Sequence[dict[str, Any]]) -> None:
    """The baseline: the events into the table, and nothing else."""
    now = datetime.now(UTC)
    async with pool.acquire() as connection:
        await connection.execute(
            SQL.bare_insert,
            [item["userId"] for item in items],
            [item["name"] for item in items],
            [now for _ in items],
            [uuid7() for _ in items],
            [item["eventProperties"] for item in items],
            [None for _ in items],
            now,
        )


async def _count_statements(pool: Pool, ingest: Ingest, stream: Any, batch: int) -> int:
    """The most statements that one of some transactions took, BEGIN and COMMIT included."""
    queries: list[str] = []
    async with AsyncExitStack() as stack:
        for _ in range(pool.get_size()):
            connection = await stack.enter_async_context(pool.acquire())
            connection.add_query_logger(lambda record: queries.append(record.query))
    most = 0
    for _ in range(20):
        queries.clear()
        now = datetime.now(UTC)
        await ingest.write([parse_event(item, now) for item in islice(stream, batch)])
        await asyncio.sleep(0)
        most = max(most, len(queries))
    return most


def _stream(contacts: int) -> Any:
    """Events as clients send them, without end."""
    chance = random.Random(1)  # noqa: S311 - a benchmark's traffic, not a secret
    names = ("app.active", "app.active", "key.action", "page.view")
    while True:
        item: dict[str, Any] = {
            "name": chance.choice(names),
            "userId": f"user_{1 + int(contacts * chance.random() ** _SKEW)}",
            "eventProperties": {"path": "/home", "n": 3},
        }
        if chance.random() < 0.02:  # noqa: PLR2004 - now and then somebody changes plan
            item["contactProperties"] = {"plan": chance.choice(("trial", "pro", "free"))}
        yield item
