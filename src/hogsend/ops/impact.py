"""What pausing a bucket stops, and what goes on; counted before an operator decides."""

from __future__ import annotations

from typing import Final

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.journeys.registry import Registry as JourneyRegistry
from hogsend.ops.buckets import FedJourney, fed_journeys
from hogsend.ops.record import Record

SQL = load_queries(__package__)

COUNTED: Final = 10_000


class FedRuns(Record):
    """A journey that a bucket starts, and its runs that have not ended.

    Attributes:
        runs: Whatever started them; ``COUNTED`` is at least that.
    """

    journey: FedJourney
    runs: int


async def count_fed_runs(pool: Pool, journeys: JourneyRegistry, bucket_id: str) -> list[FedRuns]:
    """The journeys that a bucket feeds, with the runs that pausing it would not end."""
    fed = fed_journeys(journeys, bucket_id)
    rows = await pool.fetch(SQL.fed_runs, [journey.id for journey in fed], COUNTED)
    runs = {row["journey_id"]: row["runs"] for row in rows}
    return [FedRuns(journey=journey, runs=runs[journey.id]) for journey in fed]
