"""How long stays in a bucket lasted."""

from __future__ import annotations

from typing import Final

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.record import Record

SQL = load_queries(__package__)

LOOKED_AT: Final = 10_000
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_EDGES: Final = (
    *(_MINUTE, 10 * _MINUTE, _HOUR, 6 * _HOUR, _DAY, 3 * _DAY, 7 * _DAY, 14 * _DAY),
    *(30 * _DAY, 90 * _DAY, 365 * _DAY),
)


class DwellBar(Record):
    """How many stays lasted from ``from_secs`` to before ``to_secs`` (null: any longer)."""

    from_secs: int
    to_secs: int | None
    count: int


class Dwelling(Record):
    """The stays that ended last, up to ``LOOKED_AT`` of them.

    Attributes:
        stays: How many they are.
        median_secs: Half of them lasted longer.
        bars: Shortest first, without empty ones at either end.
    """

    stays: int
    median_secs: float | None
    bars: list[DwellBar]


async def read_dwelling(pool: Pool, bucket_id: str) -> Dwelling:
    """How long the stays lasted that ended last."""
    rows = await pool.fetch(SQL.dwelling, bucket_id, list(_EDGES), LOOKED_AT)
    counts = {row["bar"]: row["count"] for row in rows if row["bar"] is not None}
    shown = range(min(counts), max(counts) + 1) if counts else range(0)
    return Dwelling(
        stays=sum(counts.values()),
        median_secs=next((row["median"] for row in rows if row["bar"] is None), None),
        bars=[
            DwellBar(
                from_secs=_EDGES[bar - 1] if bar else 0,
                to_secs=_EDGES[bar] if bar < len(_EDGES) else None,
                count=counts.get(bar, 0),
            )
            for bar in shown
        ],
    )
