"""What a process counts, for Prometheus.

Each client has its own registry; importing this module registers nothing. With several processes
on one port (``hogsend api --workers N``) a scrape reaches any of them: they then share what they
count through files, as prometheus-client does when ``PROMETHEUS_MULTIPROC_DIR`` is set.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

SHARED_DIRECTORY: Final = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_EVENTS: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class Measured(Protocol):
    """Figures that are read when somebody asks, rather than counted as things happen."""

    def families(self) -> Iterable[Metric]:
        """What was read last."""
        ...


class Metrics:
    """The instruments of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.events = Counter(
            "hogsend_events",
            "Events taken in, by what became of them: stored, or duplicate.",
            ["outcome"],
            registry=self.registry,
        )
        self.transitions = Counter(
            "hogsend_emitted_events",
            "Events that followed from others in the same transaction: transitions and dwells.",
            registry=self.registry,
        )
        self.flushes = Histogram(
            "hogsend_ingest_flush_seconds",
            "How long an ingest transaction took.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.flush_sizes = Histogram(
            "hogsend_ingest_flush_events",
            "How many writes an ingest transaction had.",
            buckets=_EVENTS,
            registry=self.registry,
        )
        self.failures = Counter(
            "hogsend_ingest_failures",
            "Ingest transactions that failed; nothing of them stays.",
            registry=self.registry,
        )
        self.queue = Gauge(
            "hogsend_ingest_queue_depth",
            "Writes that wait for a transaction.",
            multiprocess_mode="livesum",
            registry=self.registry,
        )
        self.deliveries = Counter(
            "hogsend_outbox_deliveries",
            "Deliveries to the outside, by destination and by what became of them.",
            ["destination", "outcome"],
            registry=self.registry,
        )
        self.webhooks = Counter(
            "hogsend_webhooks_received",
            "Webhooks that came in, by source and by what became of them.",
            ["source", "outcome"],
            registry=self.registry,
        )
        self.requests = Counter(
            "hogsend_http_requests",
            "Answered requests, by method, route and status.",
            ["method", "route", "status"],
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "hogsend_http_request_seconds",
            "How long an answer took, by route.",
            ["route"],
            buckets=_SECONDS,
            registry=self.registry,
        )

    def render(self, measured: Measured) -> bytes:
        """Everything, and ``measured``, in Prometheus' text format."""
        registry = self.registry
        if SHARED_DIRECTORY in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(_alone(measured))


def _alone(measured: Measured) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(_Adapter(measured))
    return registry


class _Adapter(Collector):
    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Metric]:
        """For prometheus-client."""
        return self._measured.families()
