"""Every bucket at one glance: how large, who comes and goes, how it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Any, Final

from hogsend.buckets.registry import Registry
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.buckets import BucketState, BucketStatus, bucket_statuses
from hogsend.ops.periods import Period
from hogsend.ops.record import BucketId, Duration, Listing, Page, Record

SQL = load_queries(__package__)

DAYS: Final = 14
_DAY: Final = timedelta(days=1)
_FEW: Final = 100


class StandingSort(StrEnum):
    """What the list can be sorted by; ``code`` is the order in which they were declared."""

    CODE = "code"
    NAME = "name"
    STATUS = "status"
    SIZE = "size"
    ENTERED = "entered"
    LEFT = "left"
    DWELL = "dwell"


class Standing(Record):
    """A bucket in the list.

    Attributes:
        entered_24h: Stays that began in the last 24 hours: in this one and the 23 before.
        avg_dwell_secs: How long the stays that ended lasted.
        max_dwell: After it the stay ends, whatever the criteria say.
        sizes: At the end of each of the last ``DAYS`` days (of UTC), the last one now.
    """

    id: BucketId
    name: str
    description: str
    status: BucketStatus
    size: int
    entered_24h: int
    left_24h: int
    avg_dwell_secs: float | None
    max_dwell: Duration | None
    sizes: list[int]


class Standings(Listing):
    """A part of the list.

    Attributes:
        states: How many of all buckets are in each state.
    """

    standings: list[Standing]
    states: dict[BucketState, int]


async def list_standings(
    pool: Pool,
    registry: Registry,
    page: Page,
    now: datetime,
    *,
    search: str = "",
    sort: StandingSort = StandingSort.CODE,
    descending: bool = False,
) -> Standings:
    """The buckets whose id or name contains ``search``."""
    known = await bucket_statuses(pool, registry, now)
    ids = [id_ for id_, (name, _) in known.items() if _contains(search, id_, name)]
    figures = await _totals(pool, ids)
    moves = await _moves(pool, ids, now) if sort in _BY_MOVES else {}
    ordered = _sorted(ids, sort, _Facts(known, figures, moves), descending=descending)
    shown = ordered[page.offset : page.offset + page.limit]
    moves = moves or await _moves(pool, shown, now)
    sizes = await _sizes(pool, {id_: figures[id_]["size"] for id_ in shown}, now)
    facts = _Facts(known, figures, moves)
    return Standings(
        standings=[_standing(registry, id_, facts, sizes[id_]) for id_ in shown],
        states=Counter(status.state for _, status in known.values()),
        total=len(ids),
        limit=page.limit,
        offset=page.offset,
    )


@dataclass(frozen=True, slots=True)
class _Facts:
    """What is known of buckets, by id."""

    known: Mapping[str, tuple[str, BucketStatus]]
    figures: Mapping[str, Any]
    moves: Mapping[str, Any]


_BY_MOVES: Final = frozenset({StandingSort.ENTERED, StandingSort.LEFT})
_URGENCY: Final = (
    BucketState.RETIRED,
    BucketState.LIVE,
    BucketState.NEW,
    BucketState.PAUSED,
    BucketState.BUILDING,
    BucketState.FAILED,
)


def _contains(search: str, id_: str, name: str) -> bool:
    wanted = search.casefold()
    return wanted in id_ or wanted in name.casefold()


def _sorted(ids: list[str], sort: StandingSort, facts: _Facts, *, descending: bool) -> list[str]:
    """In the order of a column; where it does not tell, in the order of the code."""
    keys: dict[StandingSort, Callable[[str], Any]] = {
        StandingSort.NAME: lambda id_: facts.known[id_][0].casefold(),
        StandingSort.STATUS: lambda id_: _URGENCY.index(facts.known[id_][1].state),
        StandingSort.SIZE: lambda id_: facts.figures[id_]["size"],
        StandingSort.DWELL: lambda id_: facts.figures[id_]["avg_dwell_secs"] or 0.0,
        StandingSort.ENTERED: lambda id_: facts.moves[id_]["entered"],
        StandingSort.LEFT: lambda id_: facts.moves[id_]["left"],
    }
    return sorted(ids, key=keys.get(sort, lambda _: 0), reverse=descending)


def _standing(registry: Registry, id_: str, facts: _Facts, sizes: list[int]) -> Standing:
    bucket = registry.buckets.get(id_)
    name, status = facts.known[id_]
    return Standing(
        id=id_,
        name=name,
        description="" if bucket is None else bucket.meta.description,
        status=status,
        size=facts.figures[id_]["size"],
        entered_24h=facts.moves[id_]["entered"],
        left_24h=facts.moves[id_]["left"],
        avg_dwell_secs=facts.figures[id_]["avg_dwell_secs"],
        max_dwell=None if bucket is None else bucket.meta.max_dwell,
        sizes=sizes,
    )


async def _totals(pool: Pool, ids: Sequence[str]) -> dict[str, Any]:
    none: dict[str, Any] = {"size": 0, "avg_dwell_secs": None}
    found = {row["bucket_id"]: row for row in await pool.fetch(SQL.standing_totals)}
    return {id_: found.get(id_, none) for id_ in ids}


async def _moves(pool: Pool, ids: Sequence[str], now: datetime) -> dict[str, Any]:
    none: dict[str, Any] = {"entered": 0, "left": 0}
    since = Period.HOUR.floor(now) - _DAY + Period.HOUR.length
    # Asked for thousands by name, the server takes longer than for all.
    named = list(ids) if len(ids) <= _FEW else None
    rows = await pool.fetch(SQL.standing_moves, named, since)
    found = {row["bucket_id"]: row for row in rows}
    return {id_: found.get(id_, none) for id_ in ids}


async def _sizes(pool: Pool, sizes: Mapping[str, int], now: datetime) -> dict[str, list[int]]:
    """The last days' sizes, counted back from the present ones."""
    today = Period.DAY.floor(now)
    since = today - (DAYS - 1) * _DAY
    rows = await pool.fetch(SQL.standing_days, list(sizes), since)
    grown = {(row["bucket_id"], row["day"]): row["grown"] for row in rows}
    series: dict[str, list[int]] = {}
    for id_, size in sizes.items():
        days = [today - number * _DAY for number in range(DAYS)]
        after = accumulate((grown.get((id_, day), 0) for day in days[:-1]), initial=0)
        series[id_] = [size - growth for growth in after][::-1]
    return series
