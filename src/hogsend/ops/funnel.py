"""Journeys in numbers: runs by status, and how far they came."""

from __future__ import annotations

from typing import Final

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.journeys.registry import Registry
from hogsend.ops.record import Record
from hogsend.ops.runs import RunCounts, count_runs

SQL = load_queries(__package__)

_LOOKED_AT: Final = 5_000


class JourneyFigures(Record):
    """A journey's runs by status."""

    journey_id: str
    name: str
    counts: RunCounts


class JourneyMetrics(Record):
    """Every journey of the code."""

    journeys: list[JourneyFigures]


class FunnelStep(Record):
    """A durable call, and how many runs came to it."""

    call: str
    reached: int


class Funnel(Record):
    """How far the runs of a journey came.

    Attributes:
        counts: Runs by status, all there ever were.
        runs: How many of the newest were looked at for the steps.
        steps: In the order in which the calls are made.
    """

    journey_id: str
    counts: RunCounts
    runs: int
    steps: list[FunnelStep]


async def journey_metrics(pool: Pool, registry: Registry) -> JourneyMetrics:
    """Every journey of the code, with its runs."""
    counts = await count_runs(pool, registry.journeys)
    return JourneyMetrics(
        journeys=[
            JourneyFigures(journey_id=journey.id, name=journey.meta.name, counts=counts[journey.id])
            for journey in registry.definitions
        ]
    )


async def journey_funnel(pool: Pool, journey_id: str) -> Funnel:
    """How far the runs of one journey came."""
    counts = (await count_runs(pool, [journey_id]))[journey_id]
    rows = await pool.fetch(SQL.funnel, journey_id, _LOOKED_AT)
    return Funnel(
        journey_id=journey_id,
        counts=counts,
        runs=min(counts.of_status(None), _LOOKED_AT),
        steps=[FunnelStep.of(row) for row in rows],
    )
