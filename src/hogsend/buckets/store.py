"""Memberships, timers and facts in the database. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct
from uuid_utils import uuid7

from hogsend.buckets.membership import Membership, Reason, Source
from hogsend.criteria.slots import SlotDepth
from hogsend.criteria.sql import compile_where
from hogsend.db.literals import boolean_array, instant_array, plain_array, text_array
from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

_encode = msgspec.json.Encoder().encode

PairKey: TypeAlias = tuple[str, str]
"""A user id and a bucket id."""


class Asked(Struct, kw_only=True, gc=False):
    """A pair that changes may move, and in which direction.

    Attributes:
        can_leave: A member may have to leave.
        can_join: Somebody else may join.
        out_until: Nobody joins before this instant, nor does a flip come forward before it.
    """

    can_leave: bool = False
    can_join: bool = False
    out_until: datetime | None = None

    def allow(self, out_until: datetime | None) -> None:
        """Either direction; the earliest of several instants counts, none before any."""
        if self.can_join and (self.out_until is None or out_until is None):
            out_until = None
        elif self.out_until is not None and out_until is not None:
            out_until = min(out_until, self.out_until)
        self.can_leave, self.can_join, self.out_until = True, True, out_until


class StoredPair(Struct, frozen=True, kw_only=True, gc=False):
    """What the database knows of a pair: its latest membership and its timer, with its mark."""

    latest: Membership | None
    due_at: datetime | None
    mark: int | None


class MembershipRow(Struct, frozen=True, kw_only=True, gc=False):
    """A membership to write.

    Attributes:
        stored: Whether the database has an earlier form of it.
        expires_at: The timer that stands when it is written.
    """

    user_id: str
    bucket_id: str
    membership: Membership
    stored: bool
    expires_at: datetime | None


async def load_pairs(
    connection: Connection, asked: Mapping[PairKey, Asked], now: datetime
) -> dict[PairKey, StoredPair]:
    """The pairs that must be looked at.

    Args:
        connection: In a transaction that holds the users' contact locks.
        asked: The pairs that something may move; those it turns out not to move are left out.
        now: Up to when a timer is due.
    """
    moves = asked.values()
    rows = await connection.fetch(
        SQL.load_pairs,
        text_array([user_id for user_id, _ in asked]),
        text_array([bucket_id for _, bucket_id in asked]),
        boolean_array(move.can_leave for move in moves),
        boolean_array(move.can_join for move in moves),
        instant_array(move.out_until for move in moves),
        now,
    )
    return {
        (row[0], row[1]): StoredPair(
            latest=row["entry_count"] and read_membership(row),
            due_at=row["due_at"],
            mark=row["mark"],
        )
        for row in rows
    }


def read_membership(row: Any) -> Membership:
    """A row of ``bucket_memberships`` as the membership that it stores."""
    return Membership(
        entry_count=row["entry_count"],
        source=Source(row["source"]),
        entered_at=row["entered_at"],
        left_at=row["left_at"],
        reason=row["reason"] and Reason(row["reason"]),
        dwell_anchor_at=row["dwell_anchor_at"],
        dwell_state=row["dwell_state"],
    )


async def save_memberships(
    connection: Connection, rows: Sequence[MembershipRow], now: datetime
) -> None:
    """Store memberships; a pair's stays come in order."""
    if stored := [row for row in rows if row.stored]:
        await _update_memberships(connection, stored, now)
    if new := [row for row in rows if not row.stored]:
        await _insert_memberships(connection, new, now)


async def _update_memberships(
    connection: Connection, rows: Sequence[MembershipRow], now: datetime
) -> None:
    stays = [row.membership for row in rows]
    await connection.execute(
        SQL.update_memberships,
        text_array([row.user_id for row in rows]),
        text_array([row.bucket_id for row in rows]),
        plain_array(stay.entry_count for stay in stays),
        plain_array(stay.reason for stay in stays),
        instant_array(stay.left_at for stay in stays),
        instant_array(row.expires_at for row in rows),
        text_array([_encode(stay.dwell_state).decode() for stay in stays]),
        now,
    )


async def _insert_memberships(
    connection: Connection, rows: Sequence[MembershipRow], now: datetime
) -> None:
    stays = [row.membership for row in rows]
    await connection.execute(
        SQL.insert_memberships,
        text_array([row.user_id for row in rows]),
        text_array([row.bucket_id for row in rows]),
        plain_array(stay.entry_count for stay in stays),
        plain_array(uuid7() for _ in stays),
        plain_array(stay.source for stay in stays),
        plain_array(stay.reason for stay in stays),
        instant_array(stay.entered_at for stay in stays),
        instant_array(stay.left_at for stay in stays),
        instant_array(row.expires_at for row in rows),
        instant_array(stay.dwell_anchor_at for stay in stays),
        text_array([_encode(stay.dwell_state).decode() for stay in stays]),
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
            text_array([user_id for (user_id, _), _ in armed]),
            text_array([bucket_id for (_, bucket_id), _ in armed]),
            instant_array(due_at for _, due_at in armed),
        )
    if disarmed:
        await connection.execute(
            SQL.delete_timers,
            text_array([user_id for user_id, _ in disarmed]),
            text_array([bucket_id for _, bucket_id in disarmed]),
        )


async def mark_timers(connection: Connection, marks: Sequence[tuple[PairKey, int]]) -> None:
    """Note that the timers of these pairs, where there are any, can be believed."""
    await connection.execute(
        SQL.mark_timers,
        text_array([user_id for (user_id, _), _ in marks]),
        text_array([bucket_id for (_, bucket_id), _ in marks]),
        plain_array(mark for _, mark in marks),
    )


async def forget_user(connection: Connection, user_id: str, now: datetime, *, erase: bool) -> None:
    """End a deleted user's memberships, or remove every trace of them; disarm the timers."""
    await connection.execute(SQL.disarm_user, user_id)
    if erase:
        await connection.execute(SQL.erase_memberships, user_id)
    else:
        await connection.execute(SQL.end_memberships, user_id, now)


async def find_due(
    connection: Connection, now: datetime, buckets: Sequence[str], limit: int
) -> dict[str, set[str]]:
    """The pairs that are due longest: by user id, in order, the ids of the buckets."""
    due: dict[str, set[str]] = {}
    for user_id, bucket_id in await connection.fetch(SQL.find_due, now, buckets, limit):
        due.setdefault(user_id, set()).add(bucket_id)
    return due


async def next_due(connection: Connection, buckets: Sequence[str]) -> datetime | None:
    """The earliest instant at which a timer is due."""
    due_at: datetime | None = await connection.fetchval(SQL.next_due, buckets)
    return due_at


class FactReader:
    """Reads the newest instants of slots, for many users in one statement.

    Each is a backward scan of the log's primary key that stops at the depth; a slot's ``where``
    is a filter on that scan.

    Args:
        slots: The registry's slots, each with how many of the newest events anybody needs; slot
            numbers are positions in it.
    """

    def __init__(self, slots: Sequence[SlotDepth]) -> None:
        self._names = [needed.slot.event_name for needed in slots]
        self._depths = [needed.depth for needed in slots]
        self._numbers = [str(number + 1) for number in range(len(slots))]
        self._values: list[object] = []
        self._sql = SQL.load_facts.replace("/* slot filter */", self._filter(slots))

    async def load(
        self, connection: Connection, needs: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], list[datetime]]:
        """The instants of the newest matching events, newest first.

        Args:
            connection: In a transaction that holds the users' contact locks.
            needs: User ids and slot numbers.
        """
        rows = await connection.fetch(
            self._sql,
            text_array([user_id for user_id, _ in needs]),
            text_array([self._numbers[slot] for _, slot in needs]),
            self._names,
            self._depths,
            *self._values,
        )
        # The rows come in the order of the arrays that the function scan unnests.
        return {need: row[0] for need, row in zip(needs, rows, strict=True)}

    def _filter(self, slots: Sequence[SlotDepth]) -> str:
        cases = [
            f"WHEN {number + 1} THEN "
            + compile_where(needed.slot.where, "event.properties", self._bind)
            for number, needed in enumerate(slots)
            if needed.slot.where
        ]
        return f"AND CASE need.slot {' '.join(cases)} ELSE true END" if cases else ""

    def _bind(self, value: object) -> str:
        self._values.append(value)
        return f"${4 + len(self._values)}"
