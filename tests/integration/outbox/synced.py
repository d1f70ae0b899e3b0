"""A world whose buckets are synced with a PostHog of the test's own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import timedelta

from tests.posthog_server import KEY, PostHogServer
from tests.world import World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import hours, minutes
from hogsend.integrations.delivery import Retries
from hogsend.integrations.dispatcher import Dispatcher
from hogsend.integrations.outbox import Ending
from hogsend.integrations.posthog.backfill import PropertyBackfill
from hogsend.integrations.posthog.carrier import PostHogApi, PostHogCarrier

PRO = define_bucket(
    id="pro", name="Pro", criteria=lambda b: b.prop("plan").eq("pro"), sync_to_posthog=True
)
BUSY = define_bucket(
    id="busy",
    name="Busy",
    criteria=lambda b: b.event("act").within(hours(1)).exists(),
    sync_to_posthog=True,
    posthog_property_key="is_busy",
)
PLAIN = define_bucket(id="plain", name="Plain", criteria=lambda b: b.prop("plan").exists())
NAMES = {"pro": "hogsend_bucket_pro", "busy": "is_busy"}


class Synced(World):
    """``server`` hears of what the dispatcher brings."""

    def __init__(self, pool, server, port, buckets=(PRO, BUSY, PLAIN), timeout_s=0.3):
        self.server = server
        self.endings = []
        self._api = PostHogApi(KEY, f"http://127.0.0.1:{port}", timeout_s=timeout_s)
        super().__init__(pool, buckets, posthog=True)

    def _wire(self, buckets, journeys=()):
        super()._wire(buckets, journeys)
        carrier = PostHogCarrier(
            self._api, pool=self.pool, clock=self.clock, retries=Retries(self.clock.now)
        )
        self.dispatcher = Dispatcher(
            pool=self.pool, clock=self.clock, carrier=carrier, count=self._count
        )
        self.backfill = PropertyBackfill(pool=self.pool, clock=self.clock)

    def _count(self, destination, ending, number):
        self.endings += [ending] * number

    async def start(self, buckets=None):
        await super().start(buckets)
        await self.engine.posthog.register(list(self.registry.buckets))

    async def deliver(self):
        """All that is due now."""
        while await self.dispatcher.deliver_due():
            pass

    async def queue_members(self):
        while await self.backfill.run_once() == 0:
            pass

    async def drain(self):
        """Let time pass until nothing is left to deliver."""
        while await self.pool.fetchval("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL"):
            await self.deliver()
            self.server.settle()
            self.clock.set(self.now + timedelta(minutes=1))

    async def outbox(self, columns="user_id, payload->>'bucketId'"):
        rows = await self.pool.fetch(f"SELECT {columns} FROM outbox ORDER BY position")
        return [row[0] if len(row) == 1 else tuple(row) for row in rows]

    async def assert_told(self):
        """PostHog's persons are the members that there are."""
        for bucket_id in NAMES.keys() & self.registry.buckets.keys():
            assert self.server.members(NAMES[bucket_id]) == await self.members(bucket_id)


@asynccontextmanager
async def synced(pool, *, faults=(), seed=None, **options):
    server = PostHogServer(seed)
    server.faults = list(faults)
    async with server.running() as port:
        world = Synced(pool, server, port, **options)
        await world.deploy()
        await world.queue_members()
        yield world


__all__ = ["BUSY", "NAMES", "PLAIN", "PRO", "Ending", "Synced", "hours", "minutes", "synced"]
