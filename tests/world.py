"""A virtual-time engine on a real database, as tests drive it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hogsend.app.engine import Engine
from hogsend.app.journeys import register_journeys
from hogsend.app.virtual import TimeMachine
from hogsend.buckets.control import BucketControl
from hogsend.buckets.registry import Registry
from hogsend.clock import VirtualClock
from hogsend.events.parse import parse_contact, parse_event

START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """A transition as the log tells it."""

    user_id: str
    bucket_id: str
    kind: str
    reason: str | None
    at: datetime


class World:
    """Sends events, moves the clock, and reads what came of it."""

    def __init__(self, pool, buckets=(), journeys=(), start=START, *, posthog=False):
        self.pool = pool
        self.posthog = posthog
        self.clock = VirtualClock(start)
        self.errors = []
        self._wire(buckets, journeys)

    def _wire(self, buckets, journeys=()):
        self.registry = Registry(buckets)
        self.engine = Engine(
            pool=self.pool,
            registry=self.registry,
            clock=self.clock,
            journeys=register_journeys(journeys, self.registry),
            on_journey_error=lambda run, error: self.errors.append(error),
            posthog=self.posthog,
        )
        self.time = TimeMachine(self.engine, self.clock)
        self.control = BucketControl(
            pool=self.pool, clock=self.clock, registry=self.registry, settle=timedelta(0)
        )

    async def start(self, buckets=None):
        """What a process that starts does, with other buckets if given; its jobs wait."""
        if buckets is not None:
            self._wire(buckets)
        await self.control.register()

    async def deploy(self, buckets=None):
        """Start, and run the jobs to their end."""
        await self.start(buckets)
        await self.run_jobs()

    async def reevaluate(self, bucket_id):
        """What an operator asks for."""
        async with self.pool.acquire() as connection, connection.transaction():
            await self.control.request(connection, bucket_id)
        await self.control.refresh()

    async def override(self, bucket_id, *, enabled):
        """An operator pauses a bucket, or resumes it."""
        async with self.pool.acquire() as connection, connection.transaction():
            await self.control.override(connection, bucket_id, enabled=enabled)
        await self.control.refresh()

    async def run_jobs(self):
        while await self.engine.jobs.run_once() == 0:
            pass
        await self.control.refresh()

    @property
    def now(self) -> datetime:
        return self.clock.now()

    async def advance(self, duration: timedelta) -> None:
        await self.time.advance_to(self.now + duration)

    async def events(self, items):
        """One transaction, items as clients send them."""
        return await self.engine.ingest.write([parse_event(item, self.now) for item in items])

    async def event(self, user_id, name, properties=None, contact=None, at=None, key=None):
        item = {"userId": user_id, "name": name, "eventProperties": properties or {}}
        if contact is not None:
            item["contactProperties"] = contact
        if at is not None:
            item["timestamp"] = at.isoformat()
        if key is not None:
            item["idempotencyKey"] = key
        return (await self.events([item]))[0]

    async def contact(self, user_id, **properties):
        write = parse_contact({"userId": user_id, "properties": properties})
        return (await self.engine.ingest.write([write]))[0]

    async def settle(self):
        """Let the journeys go on that are due now."""
        await self.time.settle_runs()

    async def runs(self, columns="status"):
        """The given columns of all runs, in the order of their start."""
        rows = await self.pool.fetch(f"SELECT {columns} FROM journey_states ORDER BY id")
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    async def skips(self):
        rows = await self.pool.fetch("SELECT * FROM journey_skips ORDER BY user_id, journey_id")
        return [(row["user_id"], row["journey_id"], row["reason"], row["count"]) for row in rows]

    async def members(self, bucket_id) -> set[str]:
        page = await self.engine.members.members(bucket_id, 1000, None)
        return {member.user_id for member in page.members}

    async def transitions(self) -> list[Seen]:
        """In the order in which they were emitted."""
        rows = await self.pool.fetch(
            "SELECT user_id, properties, occurred_at FROM user_events "
            "WHERE event IN ('bucket:entered', 'bucket:left') ORDER BY id"
        )
        return [
            Seen(
                row["user_id"],
                row["properties"]["bucketId"],
                row["properties"]["transition"],
                row["properties"].get("reason"),
                row["occurred_at"],
            )
            for row in rows
        ]
