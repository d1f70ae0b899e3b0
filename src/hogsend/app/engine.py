"""The engine on one pool: ingest, memberships, and the pump."""

from __future__ import annotations

from hogsend.buckets.members import Members
from hogsend.buckets.registry import Registry
from hogsend.buckets.subscriber import BucketSubscriber
from hogsend.buckets.timers import Pump
from hogsend.clock import Clock
from hogsend.db.pool import Pool
from hogsend.events.batcher import Batcher
from hogsend.events.ingest import Ingest


class Engine:
    """The services of one process, wired together; starts nothing by itself.

    Args:
        pool: Connections to a migrated database.
        registry: The app's buckets.
        clock: The engine's only source of time.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        registry: Registry,
        clock: Clock,
    ) -> None:
        self.pool = pool
        self.clock = clock
        self.ingest = Ingest(pool=pool, clock=clock, subscribers=[BucketSubscriber(registry)])
        self.batcher = Batcher(self.ingest)
        self.pump = Pump(pool=pool, clock=clock, ingest=self.ingest, registry=registry)
        self.members = Members(pool)
