"""A worker that ingests a known stream of events, and may be killed at any moment."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pkgutil import resolve_name
from typing import Any

from hogsend.app.engine import Engine
from hogsend.buckets.definition import define_bucket
from hogsend.buckets.registry import Registry
from hogsend.clock import SystemClock
from hogsend.db.pool import create_pool
from hogsend.durations import days, seconds
from hogsend.events.batcher import Batcher
from hogsend.events.parse import parse_event
from hogsend.runtime.service import Service

STEADY = [
    define_bucket(
        id="regular",
        name="Regular",
        criteria=lambda b: b.event("buy").within(days(36_000)).at_least(5),
    ),
    define_bucket(
        id="big",
        name="Big",
        criteria=lambda b: b.event("buy").where(b.prop("amount").gte(80)).at_least(2),
    ),
    define_bucket(id="pro", name="Pro", criteria=lambda b: b.prop("plan").eq("pro")),
]
"""Their transitions follow from the stream alone, whenever it comes."""

CLOCKED = define_bucket(
    id="recent",
    name="Recent",
    criteria=lambda b: b.event("seen").within(seconds(0.1)).exists(),
)
"""Its transitions follow from when the events come, and from the pump."""


def item(number: int) -> dict[str, Any]:
    """The event at a place of the stream."""
    chance = random.Random(number)
    return {
        "userId": f"u{chance.randrange(60)}",
        "name": chance.choice(["buy", "buy", "seen"]),
        "timestamp": f"2026-01-{1 + number % 28:02}T00:00:00Z" if number % 3 else None,
        "eventProperties": {"amount": chance.randrange(100)},
        "contactProperties": {"plan": chance.choice(["pro", "free"])} if number % 7 == 0 else {},
        "idempotencyKey": f"k{number}",
    }


def batches(start: int, end: int) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """The stream from ``start`` in batches of changing size, each with the place behind it."""
    while start < end:
        size = random.Random(start).choice([1, 3, 20, 50])
        stop = min(start + size, end)
        yield stop, [item(number) for number in range(start, stop)]
        start = stop


POINTS = {
    "contacts locked": ("hogsend.events.ingest.lock_contacts", "after"),
    "contacts saved": ("hogsend.events.ingest.save_contacts", "after"),
    "memberships decided": ("hogsend.buckets.subscriber.save_memberships", "before"),
    "memberships saved": ("hogsend.buckets.subscriber.save_memberships", "after"),
    "timers saved": ("hogsend.buckets.subscriber.save_timers", "after"),
    "events appended": ("hogsend.events.ingest.append_events", "after"),
    "committed, not acknowledged": ("hogsend.events.ingest.Ingest.write", "after"),
}
"""Where a worker may be told to die: a function, and whether before or after it ran."""


def run(
    dsn: str, start: int, end: int, acknowledged: Connection, point: str | None, times: int
) -> None:
    """Ingest the stream between two places; tells each place that is acknowledged.

    With a ``point`` it kills itself when it comes there for the ``times``-th time.
    """
    if point is not None:
        die_at(*POINTS[point], times)
    asyncio.run(_run(dsn, start, end, acknowledged))


def die_at(path: str, when: str, times: int) -> None:
    """Kill this process when it comes to a function for the ``times``-th time."""
    owner, name = path.rsplit(".", 1)
    place = resolve_name(owner)
    original = getattr(place, name)
    passed = itertools.count(1)

    async def deadly(*arguments: Any, **options: Any) -> Any:
        last = next(passed) == times
        if last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        result = await original(*arguments, **options)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(place, name, deadly)


async def _run(dsn: str, start: int, end: int, acknowledged: Connection) -> None:
    pool = await create_pool(dsn, min_size=1, max_size=4)
    engine = Engine(pool=pool, registry=Registry([*STEADY, CLOCKED]), clock=SystemClock())
    pump = Service("pump", engine.pump)
    pump.start()
    async with Batcher(engine.ingest) as batcher:
        for stop, items in batches(start, end):
            now = engine.clock.now()
            await batcher.submit([parse_event(each, now) for each in items])
            acknowledged.send(stop)
    await pump.stop()
    await pool.close()
