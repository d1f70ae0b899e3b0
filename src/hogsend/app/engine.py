"""The engine on one pool: ingest, memberships, the pump, jobs, and journeys."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from hogsend.app.ends import JourneyEnds
from hogsend.buckets.backfill import JobRunner
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
from hogsend.events.model import Outcome, Write
from hogsend.events.observed import ObservedWriter
from hogsend.integrations.posthog.sync import PostHogSync
from hogsend.integrations.subscriber import OutboxSubscriber
from hogsend.integrations.webhooks.endpoints import Directory
from hogsend.integrations.webhooks.messages import Messages
from hogsend.journeys.context import Services
from hogsend.journeys.enrollment import JourneySubscriber
from hogsend.journeys.executor import Executor
from hogsend.journeys.model import Run
from hogsend.journeys.registry import Registry as JourneyRegistry
from hogsend.telemetry.metrics import Metrics


class Engine:
    """The services of one process, wired together; starts nothing by itself.

    Args:
        pool: Connections to a migrated database.
        reads: Those that operators' reads take, so that ingest never waits for them; None is
            ``pool``.
        registry: The app's buckets.
        clock: The engine's only source of time.
        journeys: The app's journeys.
        reconcile_cron: When to reconcile, in UTC.
        metrics: Where ingest is counted; None counts for itself.
        mailer: Sends mail; None is one without templates that only keeps it.
        pump_lanes: Transactions of the pump at once; with one, people are settled in order.
        on_journey_error: Told about every exception of a journey's own.
        posthog: Whether this process can deliver to PostHog.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        reads: Pool | None = None,
        registry: Registry,
        clock: Clock,
        journeys: JourneyRegistry | None = None,
        reconcile_cron: str = DEFAULT_CRON,
        metrics: Metrics | None = None,
        mailer: Mailer | None = None,
        pump_lanes: int = LANES,
        on_journey_error: Callable[[Run, Exception], None] = lambda _run, _error: None,
        posthog: bool = False,
    ) -> None:
        self.pool = pool
        self.reads = reads or pool
        self.clock = clock
        self.mailer = mailer or Mailer(pool=pool)
        journeys = journeys or JourneyRegistry(())
        self.posthog = PostHogSync(
            pool=pool,
            clock=clock,
            properties={
                bucket.id: bucket.meta.posthog_property
                for bucket in registry.definitions
                if bucket.meta.sync_to_posthog
            },
            has_key=posthog,
        )
        self.endpoints = Directory(pool=pool, clock=clock)
        messages = Messages(self.endpoints)
        self.ingest = Ingest(
            pool=pool,
            clock=clock,
            subscribers=[
                BucketSubscriber(registry),
                JourneySubscriber(journeys),
                EmailSubscriber(),
                OutboxSubscriber(self.posthog, messages),
            ],
        )
        observed = ObservedWriter(
            self.ingest, metrics or Metrics(), waiting=lambda: self.batcher.waiting
        )
        self.batcher = Batcher(observed)
        self.executor = Executor(
            pool=pool,
            clock=clock,
            registry=journeys,
            services=Services(pool=pool, clock=clock, submit=self.submit, mailer=self.mailer),
            on_error=on_journey_error,
            ends=JourneyEnds(messages),
        )
        self.pump = Pump(
            pool=pool,
            clock=clock,
            ingest=self.ingest.called("hogsend.pump"),
            buckets=lambda: registry.exact_ids,
            lanes=pump_lanes,
        )
        self.reconciler = Reconciler(
            pool=pool,
            clock=clock,
            registry=registry,
            ingest=self.ingest.called("hogsend.reconcile"),
            cadence=Pump(
                pool=pool,
                clock=clock,
                ingest=self.ingest.called("hogsend.reconcile"),
                buckets=lambda: registry.cadence_ids,
                lanes=pump_lanes,
            ),
            cron=reconcile_cron,
        )
        self.jobs = JobRunner(
            pool=pool,
            clock=clock,
            registry=registry,
            ingest=self.ingest,
            on_joined=self.posthog.joined,
        )
        self.members = Members(pool)

    async def submit(self, writes: Sequence[Write]) -> list[Outcome]:
        """Commit writes, with others where the batcher runs."""
        return await (self.batcher.submit if self.batcher.running else self.ingest.write)(writes)
