"""Journeys as operators see them, and pausing them; every number is a count of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from hogsend.app.client import Client
from hogsend.criteria.ast import PropertyCondition
from hogsend.criteria.dump import dump
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.errors import NotFoundError
from hogsend.journeys.definition import JourneyMeta
from hogsend.journeys.registry import Registry
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import Duration, Instant, Listing, Page, Record
from hogsend.ops.runs import JourneyState, RunCounts, count_runs, list_runs

SQL = load_queries(__package__)

_RECENT: Final = Page(limit=10)


class JourneyMode(StrEnum):
    """What a journey is doing."""

    LIVE = "live"
    PAUSED = "paused"
    RETIRED = "retired"


class JourneySummary(Record):
    """A journey in a list.

    Attributes:
        enabled: Whether it runs: what the code says, the environment, and operators.
        state: ``retired`` once the code has dropped it.
        trigger: The event that starts it; null once the code has dropped it.
        source_bucket_id: The bucket that its trigger comes from.
        owned: It rides along on that bucket, and is enabled as it is.
    """

    id: str
    name: str
    description: str
    trigger: str | None
    enabled: bool
    state: JourneyMode
    entry_limit: str | None
    source_bucket_id: str | None
    owned: bool
    counts: RunCounts


class Journeys(Listing):
    """Journeys in the order of the code, then those that the code has dropped."""

    journeys: list[JourneySummary]


class ExitCondition(Record):
    """An event that ends a run; ``where`` are conditions on its properties."""

    event: str
    where: list[dict[str, Any]]


class JourneyDetail(JourneySummary):
    """All about a journey.

    Attributes:
        where: Conditions on the trigger's properties.
        skips: How many triggers enrolled nobody, by reason.
    """

    where: list[dict[str, Any]]
    entry_period: Duration | None
    suppress: Duration | None
    exit_on: list[ExitCondition]
    skips: dict[str, int]
    recent_states: list[JourneyState]


class JourneySwitch(Record):
    """What became of enabling or disabling a journey."""

    id: str
    name: str
    enabled: bool
    updated_at: Instant


async def list_journeys(
    pool: Pool, registry: Registry, page: Page, *, enabled: bool | None = None
) -> Journeys:
    """Journeys with their counts: only those that run, or do not, or all (None)."""
    names = await _names(pool)
    live = frozenset(registry.live_ids)
    known = [id_ for id_ in _known_ids(registry, names) if enabled in {None, id_ in live}]
    shown = known[page.offset : page.offset + page.limit]
    counts = await count_runs(pool, shown)
    return Journeys(
        journeys=[JourneySummary(**_summary(registry, names, id_, counts[id_])) for id_ in shown],
        total=len(known),
        limit=page.limit,
        offset=page.offset,
    )


async def show_journey(pool: Pool, registry: Registry, journey_id: str) -> JourneyDetail:
    """All about one journey.

    Raises:
        NotFoundError: There is none, and never was.
    """
    names = await _names(pool)
    _require(journey_id, _known_ids(registry, names))
    counts = await count_runs(pool, [journey_id])
    skips = await pool.fetch(SQL.count_skips, journey_id)
    recent = await list_runs(pool, journey_id, _RECENT)
    return JourneyDetail(
        **_summary(registry, names, journey_id, counts[journey_id]),
        **_definition(registry, journey_id),
        skips={row["reason"]: row["count"] for row in skips},
        recent_states=recent.states,
    )


async def require_journey(pool: Pool, registry: Registry, journey_id: str) -> None:
    """Check that there is or was such a journey.

    Raises:
        NotFoundError: There is none, and never was.
    """
    if journey_id not in registry.journeys:
        _require(journey_id, _known_ids(registry, await _names(pool)))


async def switch_journey(
    client: Client, journey_id: str, *, enabled: bool, actor: str
) -> JourneySwitch:
    """Enable or disable a journey, in every process within seconds.

    Disabled it enrols nobody, and its runs wait where they are; events still end them.

    Raises:
        NotFoundError: The code does not define it.
    """
    _require(journey_id, list(client.journeys.journeys))
    now = client.clock.now()
    action = Action(
        actor=actor, name=f"journey.{'enable' if enabled else 'disable'}", target=journey_id
    )
    async with client.engine.pool.acquire() as connection, connection.transaction():
        await client.journey_control.override(connection, journey_id, enabled=enabled)
        await record_action(connection, action, now)
    await client.journey_control.run_once()
    return JourneySwitch(
        id=journey_id,
        name=client.journeys.journeys[journey_id].meta.name,
        enabled=journey_id in client.journeys.live_ids,
        updated_at=now,
    )


def source_bucket(meta: JourneyMeta) -> str | None:
    """The bucket that a journey's trigger comes from: ``bucket:entered:<id>`` and the like."""
    if meta.source_bucket_id is not None:
        return meta.source_bucket_id
    parts = meta.trigger.split(":")
    return parts[2] if parts[0] == "bucket" and len(parts) > 2 else None  # noqa: PLR2004


async def _names(pool: Pool) -> dict[str, str]:
    return {row["journey_id"]: row["name"] for row in await pool.fetch(SQL.journey_names)}


def _known_ids(registry: Registry, names: Mapping[str, str]) -> list[str]:
    return [*registry.journeys, *(id_ for id_ in names if id_ not in registry.journeys)]


def _require(journey_id: str, known: Sequence[str]) -> None:
    if journey_id not in known:
        raise NotFoundError("journey", journey_id, known)


def _summary(
    registry: Registry, names: Mapping[str, str], journey_id: str, counts: RunCounts
) -> dict[str, Any]:
    journey = registry.journeys.get(journey_id)
    meta = None if journey is None else journey.meta
    enabled = journey_id in registry.live_ids
    running = JourneyMode.LIVE if enabled else JourneyMode.PAUSED
    return {
        "id": journey_id,
        "name": names[journey_id] if meta is None else meta.name,
        "description": "" if meta is None else meta.description,
        "trigger": meta and meta.trigger,
        "enabled": enabled,
        "state": JourneyMode.RETIRED if meta is None else running,
        "entry_limit": None if meta is None else str(meta.entry_limit),
        "source_bucket_id": meta and source_bucket(meta),
        "owned": meta is not None and meta.source_bucket_id is not None,
        "counts": counts,
    }


def _definition(registry: Registry, journey_id: str) -> dict[str, Any]:
    journey = registry.journeys.get(journey_id)
    meta = None if journey is None else journey.meta
    return {
        "where": [] if meta is None else _dumped(meta.where),
        "entry_period": meta and meta.entry_period,
        "suppress": meta and meta.suppress,
        "exit_on": []
        if meta is None
        else [ExitCondition(event=each.event, where=_dumped(each.where)) for each in meta.exit_on],
    }


def _dumped(conditions: Sequence[PropertyCondition]) -> list[dict[str, Any]]:
    return [dump(condition) for condition in conditions]
