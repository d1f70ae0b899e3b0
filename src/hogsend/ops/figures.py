"""Figures of the whole installation, read from the database when Prometheus asks.

Every process answers with the same ones. Counts stop at ``BOUND``: a figure that says "at least
10,000" needs no other, and asking for it stays cheap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.outbox import Destination, summarize
from hogsend.runtime.presence import SILENCE

SQL = load_queries(__package__)

BOUND: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What waits, lives and went wrong; without a database only ``up`` is told."""

    up: bool = True
    pump_lag_s: float = 0.0
    due_timers: int = 0
    due_journeys: int = 0
    workers: int = 0
    drift: Mapping[str, int] = field(default_factory=dict)
    journeys: Mapping[str, int] = field(default_factory=dict)
    jobs: Mapping[str, int] = field(default_factory=dict)
    mail: Mapping[str, int] = field(default_factory=dict)
    outbox: Sequence[Destination] = ()

    def families(self) -> Iterator[Metric]:
        """As Prometheus takes them."""
        yield _gauge("hogsend_database_up", "1 if the database answers.", int(self.up))
        if self.up:
            yield from self._of_the_database()

    def _of_the_database(self) -> Iterable[Metric]:
        return (
            _gauge("hogsend_workers", "Workers that are alive.", self.workers),
            _gauge(
                "hogsend_pump_lag_seconds",
                "For how long the oldest due timer has been waiting.",
                self.pump_lag_s,
            ),
            _gauge(
                "hogsend_due_backlog",
                f"Timers of memberships that are due; {BOUND:,} means at least that.",
                self.due_timers,
            ),
            _gauge(
                "hogsend_journeys_due",
                f"Runs of journeys that are due; {BOUND:,} means at least that.",
                self.due_journeys,
            ),
            _labelled(
                CounterMetricFamily,
                "hogsend_reconcile_drift",
                "Memberships that the audit had to repair, by bucket. It should stay 0.",
                "bucket",
                self.drift,
            ),
            _labelled(
                GaugeMetricFamily,
                "hogsend_journey_runs",
                f"Runs of journeys that have not ended, by status, among {BOUND:,} of them.",
                "status",
                self.journeys,
            ),
            _labelled(
                GaugeMetricFamily,
                "hogsend_bucket_jobs",
                "Backfills and re-evaluations that are not done, by status.",
                "status",
                self.jobs,
            ),
            _labelled(
                GaugeMetricFamily,
                "hogsend_mail_last_hour",
                f"Mail of the last hour, by status, among the newest {BOUND:,}.",
                "status",
                self.mail,
            ),
            _labelled(
                GaugeMetricFamily,
                "hogsend_outbox_pending",
                "Deliveries to the outside that wait, by destination; at most 100,000.",
                "destination",
                {each.destination: each.pending for each in self.outbox},
            ),
            _labelled(
                GaugeMetricFamily,
                "hogsend_outbox_dead",
                "Deliveries to the outside that were given up, likewise.",
                "destination",
                {each.destination: each.dead for each in self.outbox},
            ),
            _labelled(
                GaugeMetricFamily,
                "hogsend_outbox_lag_seconds",
                "For how long the oldest due delivery has been waiting, by destination.",
                "destination",
                {each.destination: each.lag_secs for each in self.outbox},
            ),
        )


async def read_figures(
    pool: Pool,
    now: datetime,
    *,
    due_at: datetime | None,
    buckets: Sequence[str],
    journeys: Sequence[str],
) -> Figures:
    """Read them.

    Args:
        pool: Where.
        now: The present instant.
        due_at: When the earliest timer is due.
        buckets: Whose timers fire at their instant.
        journeys: Which journeys run.
    """
    row = await pool.fetchrow(SQL.figures, now, list(buckets), list(journeys), BOUND, now - SILENCE)
    assert row is not None  # noqa: S101 - a row of aggregates
    return Figures(
        pump_lag_s=max(0.0, (now - due_at).total_seconds()) if due_at else 0.0,
        due_timers=row["due_timers"],
        due_journeys=row["due_journeys"],
        workers=row["workers"],
        drift=row["drift"] or {},
        journeys=row["journeys"] or {},
        jobs=row["jobs"] or {},
        mail=row["mail"] or {},
        outbox=(await summarize(pool, now)).destinations,
    )


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _labelled(
    kind: type[GaugeMetricFamily | CounterMetricFamily],
    name: str,
    text: str,
    label: str,
    values: Mapping[str, float],
) -> Metric:
    family = kind(name, text, labels=[label])
    for labelled, value in sorted(values.items()):
        family.add_metric([labelled], value)
    return family
