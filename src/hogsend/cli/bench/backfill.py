"""``bench backfill``: a new bucket's first walk over everybody, against SQL written by hand.

For each of five shapes of criteria an INSERT … SELECT puts the members and timers into the empty
tables; then they are emptied, and the job does the same. The rows have to be equal. Afterwards the
last bucket is filled once more by a worker in a process of its own, beside live events.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection as Pipe
from statistics import median

import uvloop

from hogsend.app.engine import Engine
from hogsend.buckets.control import BucketControl
from hogsend.buckets.definition import Bucket, define_bucket
from hogsend.buckets.registry import Registry
from hogsend.cli.bench.live import LiveTraffic
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import SQL, Note, populate, schema_name, scratch_schema
from hogsend.clock import Clock, SystemClock, VirtualClock
from hogsend.criteria.ast import Criteria
from hogsend.criteria.builder import CriteriaBuilder, CriteriaSource
from hogsend.db.embedded import ensure_database
from hogsend.db.pool import Pool, create_pool
from hogsend.durations import days
from hogsend.errors import HogsendError
from hogsend.runtime.service import Service
from hogsend.settings import Settings

_IDLE_S = 5.0
_EMPTY = "TRUNCATE bucket_memberships, bucket_timers, bucket_configs, bucket_jobs"
_LOOK_S = 0.1
_BY_HAND = """
    SET LOCAL plan_cache_mode = force_custom_plan;
    SET LOCAL enable_seqscan = on;
    SET LOCAL enable_hashjoin = on;
    SET LOCAL enable_mergejoin = on
"""
"""Somebody who types it in does not get plans made for the engine's statements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    contacts: int
    events: int
    rounds: int


_FULL = _Scale(contacts=1_000_000, events=10_000_000, rounds=1)
_QUICK = _Scale(contacts=100_000, events=1_000_000, rounds=1)


def _falling_count(b: CriteriaBuilder) -> Criteria:
    return b.event("app.active").within(days(7)).at_most(2)


def _dormant(b: CriteriaBuilder) -> Criteria:
    return b.all(b.event("app.active").exists(), b.event("app.active").within(days(7)).not_exists())


def _composite(b: CriteriaBuilder) -> Criteria:
    return b.all(
        b.prop("plan").in_("trial", "pro"),
        b.any(
            b.event("key.action").within(days(14)).at_least(3),
            b.prop("trial_ends_at").within_next(days(3)),
        ),
        b.event("page.view").within(days(1)).not_exists(),
    )


_SHAPES: dict[str, CriteriaSource] = {
    "property": lambda b: b.prop("plan").eq("trial"),
    "count": lambda b: b.event("key.action").within(days(30)).at_least(10),
    "dormant": _dormant,
    "falling_count": _falling_count,
    "composite": _composite,
}


async def bench_backfill(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield the seconds of each shape, then the live latency beside a backfill."""
    scale = _QUICK if quick else _FULL
    now = datetime.now(UTC)
    async with scratch_schema(settings, connections=4) as pool:
        await populate(pool, [], now, contacts=scale.contacts, events=scale.events, note=note)
        for shape in _SHAPES:
            note(f"backfilling {shape}")
            yield await _measure(pool, shape, now, scale.rounds)
        note("backfilling dormant beside live events")
        yield await _measure_live(settings, pool, scale.contacts)


def _bucket(shape: str) -> Bucket:
    return define_bucket(
        id=shape.replace("_", "-"), name=shape.capitalize(), criteria=_SHAPES[shape]
    )


async def _measure(pool: Pool, shape: str, now: datetime, rounds: int) -> Case:
    by_hand: list[float] = []
    by_job: list[float] = []
    for _ in range(rounds):
        await _clear(pool)
        by_hand.append(await _insert(pool, shape, now))
        rows = await _keep(pool)
        await _clear(pool)
        by_job.append(await _backfill(pool, _bucket(shape), VirtualClock(now)))
        await _compare(pool, shape)
    return Case(
        name=f"backfill.{shape}",
        value=median(by_job),
        unit="s",
        baseline=median(by_hand),
        extra={"rows": rows},
    )


async def _clear(pool: Pool) -> None:
    await pool.execute(_EMPTY)
    await pool.execute("CHECKPOINT")


async def _insert(pool: Pool, shape: str, now: datetime) -> float:
    """The baseline; returns its seconds."""
    statement: str = getattr(SQL, f"baseline_{shape}")
    async with pool.acquire() as connection:
        started = time.perf_counter()
        async with connection.transaction():
            await connection.execute(_BY_HAND)
            await connection.execute(statement, now, _bucket(shape).id)
        return time.perf_counter() - started


async def _backfill(pool: Pool, bucket: Bucket, clock: Clock) -> float:
    """Register a bucket and run its job to the end; returns the seconds of the job."""
    registry = Registry([bucket])
    engine = Engine(pool=pool, registry=registry, clock=clock)
    control = BucketControl(pool=pool, clock=clock, registry=registry, settle=timedelta(0))
    await control.register()
    started = time.perf_counter()
    while not await engine.jobs.run_once():
        pass
    return time.perf_counter() - started


async def _keep(pool: Pool) -> int:
    """Put the rows aside; returns how many they are."""
    await pool.execute("DROP TABLE IF EXISTS by_hand")
    kept = await pool.execute(f"CREATE TABLE by_hand AS {SQL.keep_rows}")
    return int(kept.split()[-1])


async def _compare(pool: Pool, shape: str) -> None:
    """Require the rows to be those put aside."""
    differing = SQL.differing_rows.replace("/* rows */", f"({SQL.keep_rows})")
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_BY_HAND)
        wrong = await connection.fetch(differing)
    if wrong:
        raise HogsendError(f"The job and the SQL by hand differ about {shape}: {wrong}")


async def _measure_live(settings: Settings, pool: Pool, contacts: int) -> Case:
    """The latency of single events of known users on an idle engine, and beside a backfill."""
    await _clear(pool)
    registry = Registry([_bucket("dormant")])
    engine = Engine(pool=pool, registry=registry, clock=SystemClock())
    control = BucketControl(pool=pool, clock=engine.clock, registry=registry)
    traffic = LiveTraffic(engine=engine, name="app.active", users=_known_users(contacts))
    async with engine.batcher:
        await traffic.run_for(1.0)
        idle = await traffic.run_for(_IDLE_S)
        await control.register()
        watch = Service("bucket-control", control)
        watch.start()
        job = asyncio.create_task(_work_elsewhere(settings))
        busy = await traffic.run_while(lambda: not job.done())
        await watch.stop()
    calm, during = percentiles_ms(idle), percentiles_ms(busy)
    return Case(
        name="backfill.live",
        value=during[1],
        unit="ms (p99)",
        baseline=calm[1],
        p50_ms=during[0],
        p99_ms=during[1],
        extra={"idle_p50_ms": calm[0], "events": len(busy), "backfill_s": await job},
    )


def _known_users(contacts: int) -> Iterator[str]:
    chance = random.Random(1)  # noqa: S311 - a benchmark's traffic, not a secret
    while True:
        yield f"user_{chance.randint(1, contacts)}"


async def _work_elsewhere(settings: Settings) -> float:
    """Have a worker run the job; returns the seconds it took."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    worker = multiprocessing.get_context("spawn").Process(
        target=_work, args=(settings, schema_name(), theirs), daemon=True
    )
    worker.start()
    theirs.close()
    took: float = await asyncio.to_thread(ours.recv)
    await asyncio.to_thread(worker.join)
    return took


def _work(settings: Settings, schema: str, result: Pipe) -> None:
    """The worker process: run the job to its end, then report the seconds."""
    result.send(uvloop.run(_run_job(settings, schema)))
    result.close()


async def _run_job(settings: Settings, schema: str) -> float:
    async with ensure_database(settings) as database:
        pool = await create_pool(database.dsn, max_size=4, schema=schema)
        registry = Registry([_bucket("dormant")])
        engine = Engine(pool=pool, registry=registry, clock=SystemClock())
        control = BucketControl(pool=pool, clock=engine.clock, registry=registry)
        started = 0.0
        await control.refresh()
        while registry.building:
            if idle_s := await engine.jobs.run_once():
                await asyncio.sleep(min(idle_s, _LOOK_S))
                await control.refresh()
            elif not started:
                started = time.perf_counter()
        took = time.perf_counter() - started
        await pool.close()
    return took
