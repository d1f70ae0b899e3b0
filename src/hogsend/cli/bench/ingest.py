"""``bench ingest``: the engine against a bare insert of the same events.

Both write to the same indexed table, in turn, several rounds of each; the figures are medians.
The baseline is what one would write without an engine: one connection that inserts batch after
batch. The engine runs as it is deployed, its lanes side by side; ``baseline_lanes`` is the bare
insert over as many connections. The engine begins with parsed writes, as ``Batcher`` takes them.

``ingest.sync`` has all buckets synced to PostHog; its baseline is the same engine with none. What
is queued is not delivered meanwhile: that is the work of other processes.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from typing import Any

from msgspec import Struct
from uuid_utils import uuid7

from hogsend.app.engine import Engine
from hogsend.buckets.definition import Bucket
from hogsend.buckets.registry import Registry
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import SQL, Note, classic_buckets, populate, scratch_schema
from hogsend.clock import SystemClock
from hogsend.db.pool import Pool
from hogsend.events.batcher import LANES, Batcher
from hogsend.events.ingest import Ingest
from hogsend.events.model import Outcome, Write
from hogsend.events.parse import parse_event
from hogsend.settings import Settings

_BATCHES = (1, 20, 100, 500)
_CALLS_PER_BATCH = 4
_AHEAD = 3 * LANES * _CALLS_PER_BATCH
"""Calls under way at once: enough for a lane to find a full batch waiting when it is free."""


_PLAN_CHANGES = 0.02
_FASTEST = 120_000
_FASTEST_ALONE = 8_000
"""Events per second that must be prepared for, in all and per event of a call."""

_SKEW = 3
"""Few people are active often and many seldom: half of the events come from an eighth of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    contacts: int
    events: int
    rounds: int
    round_s: float


_FULL = _Scale(contacts=200_000, events=3_000_000, rounds=5, round_s=3.0)
_QUICK = _Scale(contacts=20_000, events=300_000, rounds=2, round_s=0.4)


async def bench_ingest(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield one case per batch size, and one with all buckets synced."""
    scale = _QUICK if quick else _FULL
    buckets = classic_buckets()
    async with scratch_schema(settings, connections=LANES + 2) as pool:
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
        note("measuring with buckets synced to PostHog")
        yield await _measure_sync(pool, buckets, stream, scale)


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


async def _measure(
    pool: Pool, registry: Registry, stream: Iterator[_Item], batch: int, scale: _Scale
) -> Case:
    engine = Engine(pool=pool, registry=registry, clock=SystemClock())
    timed = _TimedIngest(engine.ingest)
    rates: dict[str, list[float]] = {"engine": [], "one": [], "lanes": []}
    async with Batcher(timed, lanes=LANES, max_batch=batch) as batcher:
        size = max(1, batch // _CALLS_PER_BATCH)

        async def submit(items: list[_Item]) -> None:
            await batcher.submit([item.write for item in items])

        async def insert(items: list[_Item]) -> None:
            await _insert(pool, items)

        for _ in range(1 + scale.rounds):
            rates["one"].append(await _rate(insert, stream, batch, 1, scale))
            rates["engine"].append(await _rate(submit, stream, size, _AHEAD, scale))
            rates["lanes"].append(await _rate(insert, stream, batch, LANES, scale))
        statements = await _count_statements(pool, engine.ingest, stream, batch)
    p50, p99 = percentiles_ms(timed.seconds)
    figures = {name: median(found[1:]) for name, found in rates.items()}
    return Case(
        name=f"ingest.batch{batch}",
        value=figures["engine"],
        unit="events/s",
        baseline=figures["one"],
        p50_ms=p50,
        p99_ms=p99,
        extra={
            "baseline_lanes": figures["lanes"],
            "events_per_flush": median(timed.sizes),
            "statements_per_flush": statements,
        },
    )


async def _measure_sync(
    pool: Pool, buckets: Sequence[Bucket], stream: Iterator[_Item], scale: _Scale
) -> Case:
    """The engine with and without sync, in turn."""
    rates: dict[bool, list[float]] = {True: [], False: []}
    events = 0.0
    for number in range(1 + 4 * scale.rounds):
        for synced in (True, False) if number % 2 else (False, True):
            registry = Registry([_synced(bucket) for bucket in buckets] if synced else buckets)
            engine = Engine(pool=pool, registry=registry, clock=SystemClock(), posthog=synced)
            await engine.posthog.register(list(registry.buckets))
            rate = await _rate_of(engine, stream, scale)
            rates[synced].append(rate)
            events += rate * scale.round_s if synced else 0
    queued: int = await pool.fetchval(SQL.count_queued)
    return Case(
        name="ingest.sync",
        value=median(rates[True][1:]),
        unit="events/s",
        baseline=median(rates[False][1:]),
        extra={"queued_per_event": queued / events},
    )


async def _rate_of(engine: Engine, stream: Iterator[_Item], scale: _Scale) -> float:
    """Events per second in the largest batches."""
    batch = _BATCHES[-1]
    async with Batcher(engine.ingest, lanes=LANES, max_batch=batch) as batcher:

        async def submit(items: list[_Item]) -> None:
            await batcher.submit([item.write for item in items])

        return await _rate(submit, stream, batch // _CALLS_PER_BATCH, _AHEAD, scale)


def _synced(bucket: Bucket) -> Bucket:
    return Bucket(replace(bucket.meta, sync_to_posthog=True))


async def _rate(
    call: Callable[[list[_Item]], Awaitable[None]],
    stream: Iterator[_Item],
    size: int,
    at_once: int,
    scale: _Scale,
) -> float:
    """Events per second of calls with ``size`` events each, ``at_once`` of them under way."""
    prepared = deque(islice(stream, int(scale.round_s * min(_FASTEST, _FASTEST_ALONE * size))))
    started = time.perf_counter()
    ends = started + scale.round_s
    done = 0

    async def keep_calling() -> None:
        nonlocal done
        while time.perf_counter() < ends and len(prepared) >= size:
            await call([prepared.popleft() for _ in range(size)])
            done += size

    await asyncio.gather(*(keep_calling() for _ in range(at_once)))
    return done / (time.perf_counter() - started)


async def _insert(pool: Pool, items: Sequence[_Item]) -> None:
    """The baseline: the events into the table, and nothing else."""
    now = datetime.now(UTC)
    async with pool.acquire() as connection:
        await connection.execute(
            SQL.bare_insert,
            [item.user_id for item in items],
            [item.name for item in items],
            [now for _ in items],
            [uuid7() for _ in items],
            [item.properties for item in items],
            [None for _ in items],
            now,
        )


async def _count_statements(pool: Pool, ingest: Ingest, stream: Iterator[_Item], batch: int) -> int:
    """The most statements that one of some transactions took, BEGIN and COMMIT included."""
    queries: list[str] = []
    async with AsyncExitStack() as stack:
        for _ in range(pool.get_size()):
            connection = await stack.enter_async_context(pool.acquire())
            connection.add_query_logger(lambda record: queries.append(record.query))
    most = 0
    for _ in range(20):
        queries.clear()
        await ingest.write([item.write for item in islice(stream, batch)])
        await asyncio.sleep(0)
        most = max(most, len(queries))
    return most


class _Item(Struct, frozen=True, gc=False):
    """An event, as both sides take it."""

    user_id: str
    name: str
    properties: dict[str, Any]
    write: Write


def _stream(contacts: int) -> Iterator[_Item]:
    """Events without end; now and then somebody changes plan."""
    chance = random.Random(1)  # noqa: S311 - a benchmark's traffic, not a secret
    names = ("app.active", "app.active", "key.action", "page.view")
    now = datetime.now(UTC)
    while True:
        item: dict[str, Any] = {
            "name": chance.choice(names),
            "userId": f"user_{1 + int(contacts * chance.random() ** _SKEW)}",
            "eventProperties": {"path": "/home", "n": 3},
        }
        if chance.random() < _PLAN_CHANGES:
            item["contactProperties"] = {"plan": chance.choice(("trial", "pro", "free"))}
        yield _Item(item["userId"], item["name"], item["eventProperties"], parse_event(item, now))
