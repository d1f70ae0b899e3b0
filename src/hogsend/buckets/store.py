"""Memberships, timers and facts in the database. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from uuid_utils.compat import uuid7

from hogsend.buckets.membership import Membership, Reason, Source
from hogsend.contacts.model import Contact
from hogsend.criteria.slots import Slot
from hogsend.criteria.sql import compile_where
from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

PairKey: TypeAlias = tuple[str, str]
"""A user id and a bucket id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPair:
    """What the database knows of a pair: its latest membership and its timer."""

    latest: Membership | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipRow:
    """A membership to write, with the timer that stands when it is written."""

    user_id: str
    bucket_id: str
    membership: Membership
    expires_at: datetime | None


async def load_pairs(
    connection: Connection,
    asked: Collection[PairKey],
    users: Collection[str],
    now: datetime,
    live: Sequence[str],
) -> dict[PairKey, StoredPair]:
    """The pairs asked for, and the users' other pairs in ``live`` buckets that are due."""
    rows = await connection.fetch(
        SQL.load_pairs,
        [user_id for user_id, _ in asked],
        [bucket_id for _, bucket_id in asked],
        list(users),
        now,
        live,
    )
    return {(row["user_id"], row["bucket_id"]): _stored_pair(row) for row in rows}


def _stored_pair(row: Any) -> StoredPair:
    if row["entry_count"] is None:
        return StoredPair(latest=None, due_at=row["due_at"])
    membership = Membership(
        entry_count=row["entry_count"],
        source=Source(row["source"]),
        entered_at=row["entered_at"],
        left_at=row["left_at"],
        reason=row["reason"] and Reason(row["reason"]),
        dwell_anchor_at=row["dwell_anchor_at"],
    )
    return StoredPair(latest=membership, due_at=row["due_at"])


async def save_memberships(
    connection: Connection, rows: Sequence[MembershipRow], now: datetime
) -> None:
    """Insert or update memberships; a pair's stays come in order."""
    stays = [row.membership for row in rows]
    await connection.execute(
        SQL.save_memberships,
        [row.user_id for row in rows],
        [row.bucket_id for row in rows],
        [stay.entry_count for stay in stays],
        [uuid7() for _ in stays],
        ["active" if stay.active else "left" for stay in stays],
        [stay.source for stay in stays],
        [stay.reason for stay in stays],
        [stay.entered_at for stay in stays],
        [stay.left_at for stay in stays],
        [row.expires_at for row in rows],
        [stay.dwell_anchor_at for stay in stays],
        now,
    )


async def save_timers(
    connection: Connection, timers: Sequence[tuple[PairKey, datetime | None]]
) -> None:
    """Arm each pair's timer at its instant; None disarms it."""
    armed = [(pair, due_at) for pair, due_at in timers if due_at is not None]
    disarmed = [pair for pair, due_at in timers if due_at is None]
    if armed:
        await connection.execute(
            SQL.save_timers,
            [user_id for (user_id, _), _ in armed],
            [bucket_id for (_, bucket_id), _ in armed],
            [due_at for _, due_at in armed],
        )
    if disarmed:
        await connection.execute(
            SQL.delete_timers,
            [user_id for user_id, _ in disarmed],
            [bucket_id for _, bucket_id in disarmed],
        )


async def claim_due(
    connection: Connection, now: datetime, live: Sequence[str], limit: int
) -> dict[str, Contact]:
    """Lock the contacts whose timers are due longest, as far as nobody works on them."""
    rows = await connection.fetch(SQL.claim_due, now, live, limit)
    return {
        row["user_id"]: Contact(
            user_id=row["user_id"], email=row["email"], properties=row["properties"]
        )
        for row in rows
    }


async def next_due(connection: Connection, live: Sequence[str]) -> datetime | None:
    """The earliest instant at which a timer is due."""
    due_at: datetime | None = await connection.fetchval(SQL.next_due, live)
    return due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class FactNeed:
    """The ``depth`` newest events of a user in a slot (by its registry number)."""

    user_id: str
    slot: int
    depth: int


class FactReader:
    """Reads the newest instants of slots, for many users in one statement.

    Each is a backward scan of the log's primary key that stops at the depth; a slot's ``where``
    is a filter on that scan.

    Args:
        slots: The registry's slots; their numbers are positions in it.
    """

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._slots = tuple(slots)
        self._values: list[object] = []
        self._sql = SQL.load_facts.replace("/* slot filter */", self._filter())

    async def load(self, connection: Connection, needs: Sequence[FactNeed]) -> list[list[datetime]]:
        """For each need, the instants of the newest matching events, newest first."""
        rows = await connection.fetch(
            self._sql,
            [need.user_id for need in needs],
            [self._slots[need.slot].event_name for need in needs],
            [need.slot for need in needs],
            [need.depth for need in needs],
            *self._values,
        )
        facts: list[list[datetime]] = [[] for _ in needs]
        for position, newest in rows:
            facts[position - 1] = newest
        return facts

    def _filter(self) -> str:
        cases = [
            f"WHEN {number} THEN {compile_where(slot.where, 'event.properties', self._bind)}"
            for number, slot in enumerate(self._slots)
            if slot.where
        ]
        return f"AND CASE need.slot {' '.join(cases)} ELSE true END" if cases else ""

    def _bind(self, value: object) -> str:
        self._values.append(value)
        return f"${4 + len(self._values)}"
