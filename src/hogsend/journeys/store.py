"""Runs in the database. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

import msgspec
from msgspec import Struct

from hogsend.criteria.ast import PropertyCondition
from hogsend.criteria.evaluate import where_holds
from hogsend.db.literals import boolean_array, instant_array, plain_array, text_array
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.journeys.definition import read_where
from hogsend.journeys.model import (
    Entry,
    LoggedEvent,
    Run,
    Save,
    SkipReason,
    Snapshot,
    Status,
    Wait,
)

SQL = load_queries(__package__)

_encode = msgspec.json.Encoder().encode
_decode_journal = msgspec.json.Decoder(list[Entry]).decode
_decode_snapshot = msgspec.json.Decoder(Snapshot).decode
_decode_event = msgspec.json.Decoder(LoggedEvent).decode

OVER: Final = frozenset({Status.COMPLETED, Status.EXITED, Status.FAILED})

SUSPECT_CRASHES: Final = 3
"""Workers that died with a run in hand before it is suspected to be the reason."""

RunKey: TypeAlias = tuple[str, str, UUID | str]
"""A user id, a journey id and a run's id."""


class Running(Struct, kw_only=True):
    """An unfinished run, as the fold of a transaction sees it.

    Attributes:
        ended: Why an event of the transaction ended it.
        woken: The event of the transaction that it waited for.
    """

    key: RunKey
    waits_for: str | None = None
    waits_where: tuple[PropertyCondition, ...] = ()
    wake_at: datetime | None = None
    ended: str | None = None
    woken: LoggedEvent | None = None


class NewRun(Struct, frozen=True, kw_only=True):
    """A run that a transaction starts."""

    running: Running
    event: LoggedEvent
    contact: Snapshot


async def load_running(connection: Connection, user_ids: Collection[str]) -> list[Running]:
    """The unfinished runs of users."""
    return [
        Running(
            key=(row["user_id"], row["journey_id"], row["id"]),
            waits_for=row["waits_for"],
            waits_where=_stored_where(_encode(row["waits_where"])) if row["waits_where"] else (),
            wake_at=row["wake_at"],
        )
        for row in await connection.fetch(SQL.load_running, text_array(user_ids))
    ]


@lru_cache(maxsize=1024)
def _stored_where(text: bytes) -> tuple[PropertyCondition, ...]:
    return read_where(msgspec.json.decode(text))


async def load_latest(
    connection: Connection, pairs: Collection[tuple[str, str]]
) -> dict[tuple[str, str], datetime]:
    """When the latest run of each (user id, journey id) started, where there was one."""
    users, journeys = zip(*pairs, strict=True)
    rows = await connection.fetch(SQL.load_latest, text_array(users), text_array(journeys))
    return {(row["user_id"], row["journey_id"]): row["created_at"] for row in rows}


async def insert_runs(connection: Connection, runs: Sequence[NewRun], now: datetime) -> None:
    """Start runs."""
    keys = [run.running.key for run in runs]
    await connection.execute(
        SQL.insert_runs,
        text_array([key[0] for key in keys]),
        text_array([key[1] for key in keys]),
        plain_array(key[2] for key in keys),
        text_array([_encode(run.event).decode() for run in runs]),
        text_array([_encode(run.contact).decode() for run in runs]),
        _nullable(run.running.ended for run in runs),
        now,
    )


async def end_runs(
    connection: Connection, ended: Sequence[tuple[RunKey, str]], now: datetime
) -> set[str]:
    """End runs from outside, each for a reason; returns the ids of those that were under way."""
    ordered = sorted(ended, key=_order)
    rows = await connection.fetch(
        SQL.end_runs, *_keys(key for key, _ in ordered), _nullable(r for _, r in ordered), now
    )
    return {str(row["id"]) for row in rows}


async def wake_runs(
    connection: Connection, woken: Sequence[tuple[RunKey, LoggedEvent]], now: datetime
) -> None:
    """Let runs go on because an event came."""
    ordered = sorted(woken, key=_order)
    events = text_array([_encode(event).decode() for _, event in ordered])
    await connection.execute(SQL.wake_runs, *_keys(key for key, _ in ordered), events, now)


async def note_skips(
    connection: Connection, skips: Mapping[tuple[str, str, SkipReason], int], now: datetime
) -> None:
    """Count the triggers of (user id, journey id) that enrolled nobody, by reason."""
    await connection.execute(
        SQL.note_skips,
        text_array([user_id for user_id, _, _ in skips]),
        text_array([journey_id for _, journey_id, _ in skips]),
        plain_array(reason for _, _, reason in skips),
        plain_array(skips.values()),
        now,
    )


async def forget_user(connection: Connection, user_id: str, now: datetime, *, erase: bool) -> None:
    """End a deleted user's runs, or remove every trace of them."""
    if erase:
        await connection.execute(SQL.erase_runs, user_id)
        await connection.execute(SQL.erase_skips, user_id)
        await connection.execute(SQL.erase_passes, user_id)
    else:
        await connection.execute(SQL.end_user, user_id, now)


async def claim_runs(
    pool: Pool,
    journey_ids: Sequence[str],
    *,
    now: datetime,
    limit: int,
    holder: UUID,
    lease_until: datetime,
    suspects: bool = False,
) -> list[Run]:
    """Claim the runs that are due longest: the suspects among them, or the others."""
    rows = await pool.fetch(
        SQL.claim_runs, now, journey_ids, limit, holder, lease_until, suspects, SUSPECT_CRASHES
    )
    return [_run(row) for row in rows]


def _run(row: Any) -> Run:
    wake_event = row["wake_event"]
    return Run(
        user_id=row["user_id"],
        journey_id=row["journey_id"],
        id=row["id"],
        epoch=row["epoch"],
        attempts=row["attempts"],
        crashes=row["crashes"],
        journal=_decode_journal(row["journal"]),
        contact=_decode_snapshot(row["contact"]),
        event=_decode_event(row["event"]),
        wake_event=None if wake_event is None else _decode_event(wake_event),
        resumed_at=row["resumed_at"],
        created_at=row["created_at"],
        wake_at=row["wake_at"],
    )


async def next_wake(pool: Pool, journey_ids: Sequence[str], now: datetime) -> datetime | None:
    """The earliest instant at which a run is due that nobody holds; suspects are not waited for."""
    wake_at: datetime | None = await pool.fetchval(SQL.next_wake, journey_ids, now, SUSPECT_CRASHES)
    return wake_at


async def save_runs(connection: Connection | Pool, saves: Sequence[Save]) -> set[UUID]:
    """Write what runs did; returns the ids of those that were ours still."""
    ordered = sorted(saves, key=lambda save: _key_order(_key_of(save.run)))
    waits = [save.wait for save in ordered]
    rows = await connection.fetch(
        SQL.save_runs,
        *_held(save.run for save in ordered),
        _nullable(_encode(save.entries).decode() if save.entries else None for save in ordered),
        plain_array(save.status for save in ordered),
        instant_array(save.retry_at or save.wake_at for save in ordered),
        _nullable(None if wait is None else wait.event for wait in waits),
        _nullable(None if wait is None else _encode(wait.where).decode() for wait in waits),
        boolean_array(_keeps(save) for save in ordered),
        boolean_array(save.status in OVER for save in ordered),
        plain_array(save.attempts for save in ordered),
        _nullable(save.error for save in ordered),
        _nullable(save.traceback for save in ordered),
        _nullable(save.exit_reason for save in ordered),
        instant_array(save.now for save in ordered),
    )
    return {row["id"] for row in rows}


def _keeps(save: Save) -> bool:
    """Whether the run stays in the hands of its worker."""
    return save.status is Status.ACTIVE and save.retry_at is None


async def check_runs(pool: Pool, runs: Sequence[Run]) -> set[UUID]:
    """The ids of those whose claim still stands."""
    return {row["id"] for row in await pool.fetch(SQL.check_runs, *_held(runs))}


async def extend_leases(pool: Pool, runs: Sequence[Run], until: datetime) -> set[UUID]:
    """Keep claims for longer; returns the ids of those that still stand."""
    ordered = sorted(runs, key=lambda run: _key_order(_key_of(run)))
    rows = await pool.fetch(SQL.extend_leases, *_held(ordered), until)
    return {row["id"] for row in rows}


async def release_runs(pool: Pool, runs: Sequence[Run]) -> None:
    """Give claims back."""
    ordered = sorted(runs, key=lambda run: _key_order(_key_of(run)))
    await pool.execute(SQL.release_runs, *_held(ordered))


async def find_arrived(
    connection: Connection, waits: Sequence[tuple[str, Wait]]
) -> list[LoggedEvent | None]:
    """For each (user id, wait), the first event that it would have seen."""
    rows = await connection.fetch(
        SQL.find_arrived,
        plain_array(range(len(waits))),
        text_array([user_id for user_id, _ in waits]),
        text_array([wait.event for _, wait in waits]),
        instant_array(wait.after for _, wait in waits),
        plain_array(wait.after_id for _, wait in waits),
        instant_array(wait.since for _, wait in waits),
    )
    found: list[LoggedEvent | None] = [None] * len(waits)
    for number, id_, properties, occurred_at in rows:
        wait = waits[number][1]
        where = _stored_where(_encode(wait.where)) if wait.where else ()
        if found[number] is None and where_holds(where, properties):
            found[number] = LoggedEvent(
                id=UUID(bytes=id_.bytes),
                name=wait.event,
                properties=properties,
                occurred_at=occurred_at,
            )
    return found


def _key_of(run: Run) -> RunKey:
    return run.user_id, run.journey_id, run.id


def _key_order(key: RunKey) -> tuple[str, str, str]:
    return key[0], key[1], str(key[2])


def _order(pair: tuple[RunKey, object]) -> tuple[str, str, str]:
    return _key_order(pair[0])


def _keys(keys: Iterable[RunKey]) -> tuple[str, str, str]:
    listed = list(keys)
    return (
        text_array([key[0] for key in listed]),
        text_array([key[1] for key in listed]),
        plain_array(key[2] for key in listed),
    )


def _held(runs: Iterable[Run]) -> tuple[str, str, str, str]:
    listed = list(runs)
    return (*_keys(map(_key_of, listed)), plain_array(run.epoch for run in listed))


def _nullable(values: Iterable[str | None]) -> str:
    """The literal of a ``text[]`` with NULLs in it."""
    parts = ["NULL" if value is None else text_array([value])[1:-1] for value in values]
    return f"{{{','.join(parts)}}}"
