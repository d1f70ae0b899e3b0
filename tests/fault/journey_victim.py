"""A worker that runs journeys, and may be killed at any moment."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.fault.ingest_victim import die_at

from hogsend.app.engine import Engine
from hogsend.app.journeys import register_journeys
from hogsend.buckets.registry import Registry
from hogsend.clock import SystemClock
from hogsend.db.pool import Pool, create_pool
from hogsend.durations import seconds
from hogsend.email import mailer as mailing
from hogsend.email.mailer import Mailer
from hogsend.email.model import Message
from hogsend.email.sending import send_email
from hogsend.email.templates import Templates
from hogsend.events.parse import parse_event
from hogsend.journeys import executor
from hogsend.journeys.definition import Journey, define_journey
from hogsend.runtime.service import Service

OUTSIDE = """
CREATE TABLE effects (user_id text, step text);
CREATE TABLE deliveries (key text, recipient text, subject text);
"""
"""What the world outside has seen, every time it did."""

CALLS = [
    "step:one",
    "send_email:hello",
    "sleep",
    "sleep/done",
    "trigger:toured",
    "wait_for_event:toured",
    "wait_for_event:toured/done",
    "send_email:hello#2",
    "step:two",
]
"""The journal of every run, in the end."""

UNFINISHED = "SELECT count(*) FROM journey_states WHERE finished_at IS NULL"

POINTS = {
    "enrolled": ("hogsend.journeys.enrollment.insert_runs", "after"),
    "enrolled and committed": ("hogsend.events.ingest.Ingest.write", "after"),
    "before a claim": ("hogsend.journeys.executor.claim_runs", "before"),
    "after a claim": ("hogsend.journeys.executor.claim_runs", "after"),
    "before an effect": ("tests.fault.journey_victim.affect", "before"),
    "after an effect": ("tests.fault.journey_victim.affect", "after"),
    "before a record": ("hogsend.journeys.journal.save_runs", "before"),
    "after a record": ("hogsend.journeys.journal.save_runs", "after"),
    "before a mail": ("hogsend.email.mailer.Mailer.send", "before"),
    "before a delivery": ("tests.fault.journey_victim.deliver", "before"),
    "after a delivery": ("tests.fault.journey_victim.deliver", "after"),
    "after a mail is recorded": ("hogsend.email.mailer.finish_send", "after"),
}
"""Where a worker may be told to die: a function, and whether before or after it ran."""


async def affect(pool: Pool, user_id: str, step: str) -> str:
    """The effect of a step, outside."""
    await pool.execute("INSERT INTO effects VALUES ($1, $2)", user_id, step)
    return step


async def deliver(pool: Pool, message: Message) -> str:
    """The effect of a mail, outside."""
    await pool.execute(
        "INSERT INTO deliveries VALUES ($1, $2, $3)",
        message.key,
        message.to,
        message.content.subject,
    )
    return f"delivered {message.id}"


class Post:
    """A provider that keeps what it is given."""

    name = "post"

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def send(self, message: Message) -> str:
        return await deliver(self._pool, message)

    async def close(self) -> None:
        pass


def tour_on(pool: Pool) -> Journey:
    """The journey, with effects outside."""

    @define_journey(id="tour", name="Tour", trigger="go", entry_limit="once")
    async def tour(user: Any, ctx: Any) -> None:
        await ctx.step("one", lambda: affect(pool, user.id, "one"))
        await send_email(template="hello", props={"n": 1})
        await ctx.sleep(seconds(0.1))
        await ctx.trigger("toured")
        await ctx.wait_for_event("toured", timeout=seconds(60))
        await send_email(template="hello", props={"n": 2})
        await ctx.step("two", lambda: affect(pool, user.id, "two"))

    return tour


def run(
    dsn: str, start: int, end: int, acknowledged: Connection, point: str | None, times: int
) -> None:
    """Start users from one number to another, and run them until they are through.

    With a ``point`` it kills itself when it comes there for the ``times``-th time.
    """
    executor.LEASE = mailing.CLAIM = timedelta(seconds=0.4)
    executor._SUSPECTS_S = 0.1
    if point is not None:
        die_at(*POINTS[point], times)
    with _templates() as templates:
        asyncio.run(_run(dsn, start, end, acknowledged, templates))


@contextmanager
def _templates() -> Iterator[Templates]:
    with tempfile.TemporaryDirectory() as home:
        Path(home, "hello.html").write_text(
            "<title>{% block subject %}Hello {{ n }}{% endblock %}</title>"
        )
        yield Templates(Path(home))


async def _run(
    dsn: str, start: int, end: int, acknowledged: Connection, templates: Templates
) -> None:
    pool = await create_pool(dsn, min_size=1, max_size=6)
    engine = Engine(
        pool=pool,
        registry=Registry(()),
        clock=SystemClock(),
        journeys=register_journeys([tour_on(pool)], Registry(())),
        mailer=Mailer(pool=pool, templates=templates, provider=Post(pool)),
    )
    services = [
        Service("executor", engine.executor),
        Service("suspects", executor.Suspects(engine.executor)),
        Service("heartbeat", executor.Heartbeat(engine.executor)),
    ]
    for service in services:
        service.start()
    async with engine.batcher:
        for number in range(start, end, 3):
            last = min(number + 3, end)
            now = engine.clock.now()
            await engine.batcher.submit([parse_event(item(n), now) for n in range(number, last)])
            acknowledged.send(last)
            await asyncio.sleep(0.05)  # else it would start users faster than it gets them through
        while await pool.fetchval(UNFINISHED):  # noqa: ASYNC110 - rows send no signal
            await asyncio.sleep(0.05)
        for service in services:
            await service.stop()
    await pool.close()


def item(number: int) -> dict[str, Any]:
    """The event that starts a user."""
    return {
        "userId": f"u{number}",
        "name": "go",
        "email": f"u{number}@example.org",
        "idempotencyKey": "go",
    }
