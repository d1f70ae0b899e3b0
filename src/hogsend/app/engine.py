"""The engine on one pool: ingest, memberships, and the pump."""

from __future__ import annotations

from hogsend.buckets.members import Members
from hogsend.buckets.reconcile import DEFAULT_CRON, Reconciler
from hogsend.buckets.registry import Registry
from hogsend.buckets.subscriber import BucketSubscriber
from hogsend.buckets.timers import LANES, Pump
from hogsend.clock import Clock
from hogsend.db.pool import Pool
from hogsend.email.mailer import Mailer
from hogsend.email.subscriber import EmailSubscriber
from hogsend.events.batcher import Batcher
from hogsend.events.ingest import Ingest


class Engine:
    """The services of one process, wired together; starts nothing by itself.

    Args:
        pool: Connections to a migrated database.
        registry: The app's buckets.
        clock: The engine's only source of time.
        reconcile_cron: When to reconcile, in UTC.
        mailer: Sends mail; None is one without templates that only keeps it.
        pump_lanes: Transactions of the pump at once; with one, people are settled in order.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        registry: Registry,
        clock: Clock,
        reconcile_cron: str = DEFAULT_CRON,
        mailer: Mailer | None = None,
        pump_lanes: int = LANES,
    ) -> None:
        self.pool = pool
        self.clock = clock
        self.mailer = mailer or Mailer(pool=pool)
        self.ingest = Ingest(
            pool=pool, clock=clock, subscribers=[BucketSubscriber(registry), EmailSubscriber()]
        )
        self.batcher = Batcher(self.ingest)
        self.pump = Pump(
            pool=pool,
            clock=clock,
            ingest=self.ingest,
            buckets=lambda: registry.exact_ids,
            lanes=pump_lanes,
        )
        self.reconciler = Reconciler(
            pool=pool,
            clock=clock,
            registry=registry,
            ingest=self.ingest,
            cadence=Pump(
                pool=pool,
                clock=clock,
                ingest=self.ingest,
                buckets=lambda: registry.cadence_ids,
                lanes=pump_lanes,
            ),
            cron=reconcile_cron,
        )
        self.members = Members(pool)
