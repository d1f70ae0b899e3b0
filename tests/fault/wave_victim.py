"""A worker that only pumps, in a process of its own, and may be killed at any moment."""

from __future__ import annotations

import asyncio
from multiprocessing.connection import Connection

from tests.fault.ingest_victim import POINTS, die_at

from hogsend.app.engine import Engine
from hogsend.buckets.definition import define_bucket
from hogsend.buckets.registry import Registry
from hogsend.clock import SystemClock
from hogsend.db.pool import create_pool
from hogsend.durations import days

WINDOW = days(1)
RECENT = define_bucket(
    id="recent", name="Recent", criteria=lambda b: b.event("act").within(WINDOW).exists()
)
QUIET = define_bucket(
    id="quiet",
    name="Quiet",
    criteria=lambda b: b.all(b.event("act").exists(), b.event("act").within(WINDOW).not_exists()),
)
"""Everybody leaves the one and joins the other at the same instant."""


def run(dsn: str, told: Connection, point: str | None, times: int) -> None:
    """Pump until nothing is armed; tells each batch of users that it settled."""
    if point is not None:
        die_at(*POINTS[point], times)
    asyncio.run(_run(dsn, told))


async def _run(dsn: str, told: Connection) -> None:
    pool = await create_pool(dsn, min_size=1, max_size=4)
    engine = Engine(pool=pool, registry=Registry([RECENT, QUIET]), clock=SystemClock())
    told.send(0)
    while await engine.pump.next_due() is not None:
        if settled := await engine.pump.settle_due():
            told.send(settled)
        else:
            await asyncio.sleep(await engine.pump.run_once())
    await pool.close()
