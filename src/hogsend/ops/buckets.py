"""Buckets as operators see them, and pausing them; every number is a count of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from hogsend.app.client import Client
from hogsend.buckets.definition import ANY_BUCKET_EVENTS, BUCKET_DWELL
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.criteria.describe import describe
from hogsend.criteria.dump import dump
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.errors import NotFoundError
from hogsend.journeys.registry import Registry as JourneyRegistry
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import Duration, Instant, Listing, Page, Record
from hogsend.ops.stays import Counts, Member, count_stays, list_members

SQL = load_queries(__package__)

_RECENT = Page(limit=10)


class BucketState(StrEnum):
    """What a bucket is doing.

    ``new`` was never deployed; ``building`` catches up with its definition; ``failed`` could not,
    and will be tried again; ``retired`` is in no code any more.
    """

    NEW = "new"
    BUILDING = "building"
    LIVE = "live"
    PAUSED = "paused"
    FAILED = "failed"
    RETIRED = "retired"


class BucketStatus(Record):
    """How a bucket is.

    Attributes:
        progress: While it is building: the share of people who were looked at, 0 to 1.
        lag_secs: Since its last audit.
    """

    state: BucketState
    progress: float | None
    lag_secs: float | None

    def __str__(self) -> str:
        """As people read it, e.g. ``building 40%``."""
        return self.state if self.progress is None else f"{self.state} {self.progress:.0%}"


class BucketSummary(Record):
    """A bucket in a list.

    Attributes:
        criteria_text: Who is in it, in English.
        enabled: Whether it is evaluated: what the code says, the environment, and operators.
        kind: ``dynamic``: its criteria say who is in.
        time_based: Whether the clock alone moves people.
        entry_limit: Which joins are announced; null once the code has dropped the bucket.
    """

    id: str
    name: str
    description: str
    criteria_text: str
    enabled: bool
    kind: str
    time_based: bool
    entry_limit: str | None
    status: BucketStatus
    counts: Counts


class Buckets(Listing):
    """Buckets in the order of the code, then those that the code has dropped."""

    buckets: list[BucketSummary]


class FedJourney(Record):
    """A journey that a bucket's transitions start.

    Attributes:
        owned: It rides along on the bucket.
    """

    id: str
    name: str
    trigger: str
    source_bucket_id: str
    owned: bool


class BucketDetail(BucketSummary):
    """All about a bucket; criteria are null once the code has dropped it."""

    criteria: dict[str, Any] | None
    entry_period: Duration | None
    min_dwell: Duration | None
    max_dwell: Duration | None
    reconcile_every: Duration | None
    reconcile_joins: bool
    fast_expiry: bool
    sync_to_posthog: bool
    feeds_journeys: list[FedJourney]
    recent_members: list[Member]


class BucketSwitch(Record):
    """What became of enabling or disabling a bucket."""

    id: str
    name: str
    enabled: bool
    updated_at: Instant


async def list_buckets(
    pool: Pool, registry: Registry, page: Page, now: datetime, *, enabled: bool | None = None
) -> Buckets:
    """Buckets with their counts: only those that are evaluated, or are not, or all (None)."""
    configs = await _configs(pool)
    live = frozenset(registry.live_ids)
    known = [id_ for id_ in _known_ids(registry, configs) if enabled in {None, id_ in live}]
    shown = known[page.offset : page.offset + page.limit]
    counts = await count_stays(pool, shown)
    return Buckets(
        buckets=[
            BucketSummary(**_summary(registry, configs, id_, counts[id_], now)) for id_ in shown
        ],
        total=len(known),
        limit=page.limit,
        offset=page.offset,
    )


async def show_bucket(
    pool: Pool, registry: Registry, journeys: JourneyRegistry, bucket_id: str, now: datetime
) -> BucketDetail:
    """All about one bucket.

    Raises:
        NotFoundError: There is none, and never was.
    """
    configs = await _configs(pool)
    _require(bucket_id, _known_ids(registry, configs))
    counts = await count_stays(pool, [bucket_id])
    recent = await list_members(pool, bucket_id, _RECENT)
    return BucketDetail(
        **_summary(registry, configs, bucket_id, counts[bucket_id], now),
        **_definition(registry.buckets.get(bucket_id)),
        feeds_journeys=fed_journeys(journeys, bucket_id),
        recent_members=recent.members,
    )


async def bucket_statuses(
    pool: Pool, registry: Registry, now: datetime
) -> dict[str, tuple[str, BucketStatus]]:
    """Name and status of every bucket, in the order of ``list_buckets``."""
    configs = await _configs(pool)
    live = frozenset(registry.live_ids)
    return {
        id_: (
            _name(registry, configs, id_),
            _status(configs.get(id_), now, enabled=id_ in live, in_code=id_ in registry.buckets),
        )
        for id_ in _known_ids(registry, configs)
    }


async def require_bucket(pool: Pool, registry: Registry, bucket_id: str) -> None:
    """Check that there is or was such a bucket.

    Raises:
        NotFoundError: There is none, and never was.
    """
    if bucket_id not in registry.buckets:
        _require(bucket_id, _known_ids(registry, await _configs(pool)))


def require_defined(registry: Registry, bucket_id: str) -> None:
    """Check that the code defines such a bucket.

    Raises:
        NotFoundError: It does not.
    """
    _require(bucket_id, list(registry.buckets))


async def switch_bucket(
    client: Client, bucket_id: str, *, enabled: bool, actor: str
) -> BucketSwitch:
    """Enable or disable a bucket, in every process within seconds.

    Raises:
        NotFoundError: The code does not define it.
    """
    require_defined(client.registry, bucket_id)
    now = client.clock.now()
    action = Action(
        actor=actor, name=f"bucket.{'enable' if enabled else 'disable'}", target=bucket_id
    )
    async with client.engine.pool.acquire() as connection, connection.transaction():
        await client.control.override(connection, bucket_id, enabled=enabled)
        await record_action(connection, action, now)
    await client.control.refresh()
    return BucketSwitch(
        id=bucket_id,
        name=client.registry.buckets[bucket_id].meta.name,
        enabled=bucket_id in client.registry.live_ids,
        updated_at=now,
    )


def fed_journeys(journeys: JourneyRegistry, bucket_id: str) -> list[FedJourney]:
    """The journeys that this bucket's transitions start, those that ride along on it first."""
    names = {f"{name}:{bucket_id}" for name in ANY_BUCKET_EVENTS} | ANY_BUCKET_EVENTS
    dwells = f"{BUCKET_DWELL}:{bucket_id}:"
    fed = [
        FedJourney(
            id=meta.id,
            name=meta.name,
            trigger=meta.trigger,
            source_bucket_id=bucket_id,
            owned=meta.source_bucket_id == bucket_id,
        )
        for meta in (journey.meta for journey in journeys.definitions)
        if meta.trigger in names or meta.trigger.startswith(dwells)
    ]
    return sorted(fed, key=lambda journey: not journey.owned)


async def _configs(pool: Pool) -> dict[str, Any]:
    return {row["bucket_id"]: row for row in await pool.fetch(SQL.bucket_configs)}


def _known_ids(registry: Registry, configs: Mapping[str, Any]) -> list[str]:
    dropped = [id_ for id_ in configs if id_ not in registry.buckets]
    return [*registry.buckets, *dropped]


def _require(bucket_id: str, known: Sequence[str]) -> None:
    if bucket_id not in known:
        raise NotFoundError("bucket", bucket_id, known)


def _name(registry: Registry, configs: Mapping[str, Any], bucket_id: str) -> str:
    bucket = registry.buckets.get(bucket_id)
    name: str = configs[bucket_id]["name"] if bucket is None else bucket.meta.name
    return name


def _summary(
    registry: Registry,
    configs: Mapping[str, Any],
    bucket_id: str,
    counts: Counts,
    now: datetime,
) -> dict[str, Any]:
    bucket = registry.buckets.get(bucket_id)
    config = configs.get(bucket_id)
    enabled = bucket_id in registry.live_ids
    return {
        "id": bucket_id,
        "name": _name(registry, configs, bucket_id),
        "description": "" if bucket is None else bucket.meta.description,
        "criteria_text": "" if bucket is None else describe(bucket.meta.criteria),
        "enabled": enabled,
        "kind": "dynamic" if bucket is None else str(bucket.meta.kind),
        "time_based": bucket is not None and bucket.analysis.time_based,
        "entry_limit": None if bucket is None else str(bucket.meta.entry_limit),
        "status": _status(config, now, enabled=enabled, in_code=bucket is not None),
        "counts": counts,
    }


def _status(config: Any, now: datetime, *, enabled: bool, in_code: bool) -> BucketStatus:
    if config is None:
        return BucketStatus(state=BucketState.NEW, progress=None, lag_secs=None)
    state = _state(config, enabled=enabled or not in_code, in_code=in_code)
    building = state is BucketState.BUILDING
    audited_at = config["audited_at"]
    return BucketStatus(
        state=state,
        progress=min(1.0, config["done"] / (config["total"] or 1)) if building else None,
        lag_secs=audited_at and max(0.0, (now - audited_at).total_seconds()),
    )


def _state(config: Any, *, enabled: bool, in_code: bool) -> BucketState:
    if config["retired"]:
        return BucketState.RETIRED
    if not config["known"]:
        return BucketState.NEW if in_code else BucketState.RETIRED
    if not enabled:
        return BucketState.PAUSED
    if config["job"] is None:
        return BucketState.LIVE
    return BucketState.FAILED if config["job"] == "failed" else BucketState.BUILDING


def _definition(bucket: CompiledBucket | None) -> dict[str, Any]:
    meta = None if bucket is None else bucket.meta
    return {
        "criteria": meta and dump(meta.criteria),
        "entry_period": meta and meta.entry_period,
        "min_dwell": meta and meta.min_dwell,
        "max_dwell": meta and meta.max_dwell,
        "reconcile_every": meta and meta.reconcile_every,
        "reconcile_joins": bucket is not None and bucket.reconciles_joins,
        "fast_expiry": meta is not None and meta.fast_expiry,
        "sync_to_posthog": meta is not None and meta.sync_to_posthog,
    }
