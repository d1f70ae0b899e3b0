"""``hogsend plan``: who would join and leave if this code were deployed now.

One snapshot, read only: nothing is written, and no lock is taken that a write would wait for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hogsend.buckets.definition import BUCKET_LEFT, BucketMeta
from hogsend.buckets.jobs import count_contacts, read_known
from hogsend.buckets.membership import Kind
from hogsend.buckets.plan import LOOKS, NO_CHANGE, Change, Forecast, compare, forecast
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.buckets.rollout import Known, is_enabled
from hogsend.criteria.ast import PropertyCondition
from hogsend.criteria.describe import describe
from hogsend.criteria.evaluate import where_holds
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.instants import instant_to_json
from hogsend.journeys.registry import Registry as JourneyRegistry

SQL = load_queries(__package__)

OnProgress = Callable[[str, int, int], None]
"""Called with a bucket's id, how many people were looked at, and how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketPlan:
    """What would become of one bucket.

    Attributes:
        meta: The bucket in the code; None if it was removed from there.
        criteria_before: The criteria that the memberships follow, in English, if they are known.
        members: How many there are now.
        forecast: What would happen at once; nothing where nobody is looked at.
        exits: How many runs the leaves would end, by journey.
        starts: The journeys that a leave starts, subject to their own limits.
    """

    bucket_id: str
    name: str
    change: Change
    members: int
    meta: BucketMeta | None = None
    criteria_before: str | None = None
    forecast: Forecast = field(default_factory=Forecast)
    exits: Mapping[str, int] = field(default_factory=dict)
    starts: tuple[str, ...] = ()

    @property
    def criteria(self) -> str | None:
        """The criteria in the code, in English."""
        return None if self.meta is None else describe(self.meta.criteria)

    @property
    def changes(self) -> bool:
        """Whether a deploy would do anything."""
        return self.change not in NO_CHANGE

    @property
    def after(self) -> int:
        """How many members there would be."""
        told = self.forecast
        return self.members + told.joins + told.returns - told.leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a deploy would do.

    Attributes:
        contacts: How many people there are.
    """

    now: datetime
    contacts: int
    buckets: tuple[BucketPlan, ...]

    @property
    def changes(self) -> bool:
        """Whether it would do anything."""
        return any(bucket.changes for bucket in self.buckets)


def ignore_progress(_bucket_id: str, _done: int, _total: int) -> None:
    """Tell nobody."""


async def make_plan(
    pool: Pool,
    registry: Registry,
    journeys: JourneyRegistry,
    *,
    chosen: AbstractSet[str] | None,
    now: datetime,
    samples: int = 5,
    on_progress: OnProgress = ignore_progress,
) -> Plan:
    """Compare the code with the database.

    Args:
        pool: Connections to the engine's database.
        registry: The app's buckets.
        journeys: The app's journeys.
        chosen: The ids that ``ENABLED_BUCKETS`` names; None is all.
        now: The present instant.
        samples: How many ids of users are given for joins and for leaves, each.
        on_progress: Called while people are looked at.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        planner = _Planner(
            connection=connection,
            now=now,
            samples=samples,
            contacts=await count_contacts(connection),
            known=await read_known(connection),
            members={row[0]: row[1] for row in await connection.fetch(SQL.sizes)},
            journeys=journeys,
            on_progress=on_progress,
        )
        found = [await planner.bucket(bucket, chosen) for bucket in registry.buckets.values()]
        found += planner.removed(registry)
    return Plan(now=now, contacts=planner.contacts, buckets=tuple(found))


@dataclass(slots=True)
class _Told:
    """What has been counted so far."""

    forecast: Forecast = field(default_factory=Forecast)
    exits: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Planner:
    """What the database says, and somebody to ask it more."""

    connection: Connection
    now: datetime
    samples: int
    contacts: int
    known: Mapping[str, Known]
    members: Mapping[str, int]
    journeys: JourneyRegistry
    on_progress: OnProgress

    async def bucket(self, bucket: CompiledBucket, chosen: AbstractSet[str] | None) -> BucketPlan:
        """What would become of a bucket of the code."""
        meta = bucket.meta
        known = self.known.get(meta.id, Known(bucket_id=meta.id))
        change = compare(known, bucket, enabled=is_enabled(meta, known.enabled, chosen))
        told = _Told()
        if change in LOOKS:
            await self._look(meta, told)
        return BucketPlan(
            bucket_id=meta.id,
            name=meta.name,
            change=change,
            members=self.members.get(meta.id, 0),
            meta=meta,
            criteria_before=known.criteria,
            forecast=told.forecast,
            exits=told.exits,
            starts=_starts(self.journeys, meta) if told.forecast.leaves else (),
        )

    async def _look(self, meta: BucketMeta, told: _Told) -> None:
        exits = _exits(self.journeys, meta)
        async for chunk in forecast(self.connection, meta, self.now, samples=self.samples):
            if exits and chunk.leaving:
                rows = await self.connection.fetch(SQL.count_exits, chunk.leaving, exits)
                told.exits.update({row["journey_id"]: row["runs"] for row in rows})
            told.forecast = told.forecast.plus(chunk, self.samples)
            self.on_progress(meta.id, told.forecast.people, self.contacts)

    def removed(self, registry: Registry) -> list[BucketPlan]:
        """The buckets that only the database knows."""
        return [
            BucketPlan(
                bucket_id=bucket_id,
                name=known.name,
                change=Change.REMOVED,
                criteria_before=known.criteria,
                members=self.members.get(bucket_id, 0),
            )
            for bucket_id, known in self.known.items()
            if bucket_id not in registry.buckets and not known.retired
        ]


def _exits(journeys: JourneyRegistry, meta: BucketMeta) -> list[str]:
    """The journeys whose runs a leave may end."""
    return sorted(
        {
            journey_id
            for name in _names(meta)
            for journey_id, exits in journeys.exits.get(name, {}).items()
            if any(_may_hold(exit_on.where, meta) for exit_on in exits)
        }
    )


def _starts(journeys: JourneyRegistry, meta: BucketMeta) -> tuple[str, ...]:
    """The journeys that a leave may start."""
    metas = (journey for name in _names(meta) for journey in journeys.triggers.get(name, ()))
    return tuple(sorted({journey.id for journey in metas if _may_hold(journey.where, meta)}))


def _names(meta: BucketMeta) -> tuple[str, str]:
    return f"{BUCKET_LEFT}:{meta.id}", BUCKET_LEFT


def _may_hold(where: Sequence[PropertyCondition], meta: BucketMeta) -> bool:
    """Whether conditions on a leave's properties may hold, as far as the bucket tells."""
    told = {"bucketId": meta.id, "bucketName": meta.name, "transition": str(Kind.LEFT)}
    return where_holds(tuple(each for each in where if each.property in told), told)


def plan_json(plan: Plan) -> dict[str, Any]:
    """The plan as the HTTP API gives it."""
    return {
        "now": instant_to_json(plan.now),
        "contacts": plan.contacts,
        "changes": plan.changes,
        "buckets": [_bucket_json(bucket) for bucket in plan.buckets],
    }


def _bucket_json(plan: BucketPlan) -> dict[str, Any]:
    told = plan.forecast
    return {
        "id": plan.bucket_id,
        "name": plan.name,
        "change": str(plan.change),
        "changes": plan.changes,
        "criteriaText": plan.criteria,
        "criteriaTextBefore": plan.criteria_before,
        "members": plan.members,
        "membersAfter": plan.after,
        "joins": {"count": told.joins, "announced": False, "users": list(told.joining)},
        "leaves": {
            "count": told.leaves,
            "announced": True,
            "byMaxDwell": told.times_out,
            "users": list(told.leaving),
        },
        "exits": [{"journeyId": id_, "runs": runs} for id_, runs in plan.exits.items()],
        "starts": list(plan.starts),
        "rejoins": told.returns,
        "deferred": told.defers,
        "barred": told.barred,
        "dwellsDue": told.dwells,
    }
