"""Ingest with its figures counted and its transactions traced."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from hogsend.events.batcher import Writer
from hogsend.events.model import Outcome, Write
from hogsend.telemetry.metrics import Metrics
from hogsend.telemetry.traces import span


class ObservedWriter:
    """Passes writes on, and notes what became of them.

    Args:
        writer: Does the work.
        metrics: Where it is counted.
        waiting: How many writes wait for their turn.
    """

    def __init__(self, writer: Writer, metrics: Metrics, waiting: Callable[[], int]) -> None:
        self._writer = writer
        self._waiting = waiting
        self._metrics = metrics
        self._stored = metrics.events.labels("stored")
        self._duplicates = metrics.events.labels("duplicate")

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """As the other writer does."""
        started = time.perf_counter()
        try:
            with span("hogsend.ingest", {"hogsend.writes": len(writes)}):
                outcomes = await self._writer.write(writes)
        except Exception:
            self._metrics.failures.inc()
            raise
        self._count(writes, outcomes, time.perf_counter() - started)
        return outcomes

    def _count(self, writes: Sequence[Write], outcomes: list[Outcome], seconds: float) -> None:
        self._metrics.flushes.observe(seconds)
        self._metrics.queue.set(self._waiting())
        self._metrics.flush_sizes.observe(len(writes))
        events = [o.stored for w, o in zip(writes, outcomes, strict=True) if w.event is not None]
        self._stored.inc(sum(events))
        self._duplicates.inc(len(events) - sum(events))
        self._metrics.transitions.inc(sum(len(outcome.emitted) for outcome in outcomes))
