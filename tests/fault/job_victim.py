"""A worker on a re-evaluation, which kills itself where it is told to."""

from __future__ import annotations

import asyncio

from tests.fault.ingest_victim import die_at

from hogsend.buckets import walk
from hogsend.buckets.backfill import JobRunner
from hogsend.buckets.control import BucketControl
from hogsend.buckets.definition import Bucket, define_bucket
from hogsend.buckets.registry import Registry
from hogsend.buckets.subscriber import BucketSubscriber
from hogsend.clock import SystemClock
from hogsend.db.pool import create_pool
from hogsend.durations import days, seconds
from hogsend.events.ingest import Ingest

CHUNK = 40


def before() -> list[Bucket]:
    """What is deployed first."""
    return [_buyers(lambda b: b.event("buy").at_least(2))]


def after() -> list[Bucket]:
    """What is deployed then: some join, some leave, and the clock will move most."""
    return [_buyers(lambda b: b.event("buy").within(days(36_000)).less_than(2))]


def _buyers(criteria) -> Bucket:
    return define_bucket(id="buyers", name="Buyers", criteria=criteria)


POINTS = {
    "claimed": ("hogsend.buckets.backfill.claim_job", "after"),
    "contacts locked": ("hogsend.buckets.chunks.ChunkStatements.write", "before"),
    "chunk written": ("hogsend.buckets.chunks.ChunkStatements.write", "after"),
    "leavers decided": ("hogsend.events.ingest.append_events", "before"),
    "leavers announced": ("hogsend.events.ingest.append_events", "after"),
    "cursor moved": ("hogsend.buckets.walk.advance_job", "after"),
    "chunk committed": ("hogsend.buckets.walk.Walk.step", "after"),
    "done, not noted": ("hogsend.buckets.backfill.finish_job", "before"),
}
"""Where a worker may be told to die: a function, and whether before or after it ran."""


def run(dsn: str, point: str | None, times: int) -> None:
    """Work until nothing is left to do, or until ``point`` is reached for the n-th time."""
    walk._FIRST_SIZE, walk._SIZES = CHUNK, (CHUNK, CHUNK)
    if point is not None:
        die_at(*POINTS[point], times)
    asyncio.run(_work(dsn))


async def _work(dsn: str) -> None:
    clock, registry = SystemClock(), Registry(after())
    async with await create_pool(dsn, min_size=1, max_size=2) as pool:
        control = BucketControl(pool=pool, clock=clock, registry=registry)
        runner = JobRunner(
            pool=pool,
            clock=clock,
            registry=registry,
            ingest=Ingest(pool=pool, clock=clock, subscribers=[BucketSubscriber(registry)]),
            lease=seconds(0.2),
        )
        await control.refresh()
        while registry.building:
            if await runner.run_once():
                await asyncio.sleep(0.02)
                await control.refresh()
