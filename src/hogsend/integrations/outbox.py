"""The outbox: what is to be told to the outside, in the database. The caller owns the transaction.

    due --(claimed)--> held --(delivered)--> deleted
                       held --(refused, to be tried again)--> due, later
                       held --(refused for good, or too often)--> dead: kept, until it is replayed
                       held --(the claim runs out)--> due; whether it was delivered nobody knows

The row is authoritative. A claim raises the epoch, and whoever holds a row writes only under the
epoch of the claim. Claims lead through a user's first row at a destination, whose lock is the mutex
of that user's queue: at most one holder delivers one user's rows to one destination.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct
from uuid_utils import uuid7

from hogsend.db.literals import instant_array, plain_array, text_array
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

_COLUMNS = ("user_id", "destination", "id", "topic", "payload", "created_at", "due_at")


class Row(Struct, frozen=True, kw_only=True, gc=False):
    """Something to be told.

    Attributes:
        destination: Whom, e.g. ``posthog``.
        topic: What it is about, e.g. ``bucket.entered``.
    """

    user_id: str
    destination: str
    topic: str
    payload: Mapping[str, Any]


class Claimed(Struct, frozen=True, kw_only=True):
    """A row that we hold.

    Attributes:
        id: What the outside knows it by.
        attempts: How often it was refused.
        unsure: Attempts, this one included, of which nobody knows whether they arrived.
    """

    user_id: str
    destination: str
    position: int
    id: UUID
    topic: str
    payload: Mapping[str, Any]
    created_at: datetime
    epoch: int
    unsure: int
    attempts: int


class Ending(StrEnum):
    """What became of a row that we held."""

    DELIVERED = "delivered"
    AGAIN = "again"
    DEAD = "dead"
    RELEASED = "released"


class Settled(Struct, frozen=True, kw_only=True):
    """A row that we held, and what is to be written about it.

    Attributes:
        at: When it is due again; of a dead one, when it died.
        sure: Whether it is known that this attempt did not arrive (or that it did).
        status: Of the HTTP answer, if there was one.
    """

    row: Claimed
    ending: Ending
    at: datetime | None = None
    sure: bool = True
    status: int | None = None
    error: str | None = None


async def append(connection: Connection, rows: Sequence[Row], now: datetime) -> None:
    """Queue rows, in order, to be delivered at once."""
    await connection.copy_records_to_table(
        "outbox",
        columns=_COLUMNS,
        records=[
            (row.user_id, row.destination, uuid7(), row.topic, row.payload, now, now)
            for row in rows
        ],
    )


async def claim(
    pool: Pool,
    destinations: Sequence[str],
    *,
    now: datetime,
    until: datetime,
    users: int,
    rows: int,
    in_order: bool,
) -> list[Claimed]:
    """Take the rows that are due longest.

    Args:
        pool: Where.
        now: Until when they are due.
        until: How long the claim lasts.
        destinations: For whom.
        users: Queues of users, at most.
        rows: Of one queue, at most, from its first on.
        in_order: A queue whose first row is not due waits for it.

    Returns:
        Them, each queue in order.
    """
    found = await pool.fetch(SQL.claim_rows, now, destinations, users, rows, until, in_order)
    claimed = [Claimed(**row) for row in found]
    return sorted(claimed, key=lambda row: row.position)


async def settle(pool: Pool, settled: Iterable[Settled], *, confirm_at: datetime | None) -> int:
    """Write down what became of rows, in one transaction.

    Args:
        pool: Where.
        settled: The rows.
        confirm_at: When to deliver anew what may still arrive late from an earlier attempt; None:
            that does not matter.

    Returns:
        How many of them were still ours.
    """
    listed = sorted(settled, key=_order)
    delivered = [each for each in listed if each.ending is Ending.DELIVERED]
    again = [] if confirm_at is None else [each for each in delivered if each.row.unsure > 1]
    done = [each for each in delivered if each not in again]
    others = [each for each in listed if each.ending is not Ending.DELIVERED]
    ours = 0
    async with pool.acquire() as connection, connection.transaction():
        if done:
            ours += len(await connection.fetch(SQL.delete_rows, *_keys(done)))
        if again:
            ids = plain_array(uuid7() for _ in again)
            ours += len(await connection.fetch(SQL.renew_rows, *_keys(again), ids, confirm_at))
        if others:
            ours += len(await connection.fetch(SQL.release_rows, *_keys(others), *_news(others)))
    return ours


def _order(settled: Settled) -> tuple[str, str, int]:
    return settled.row.user_id, settled.row.destination, settled.row.position


def _keys(settled: Sequence[Settled]) -> tuple[str, str, str, str]:
    rows = [each.row for each in settled]
    return (
        text_array([row.user_id for row in rows]),
        text_array([row.destination for row in rows]),
        plain_array(row.position for row in rows),
        plain_array(row.epoch for row in rows),
    )


def _news(settled: Sequence[Settled]) -> tuple[str, str, str, str, str, list[str | None]]:
    released = [each.ending is Ending.RELEASED for each in settled]
    return (
        instant_array(each.at if each.ending is Ending.AGAIN else None for each in settled),
        instant_array(each.at if each.ending is Ending.DEAD else None for each in settled),
        plain_array(int(not free) for free in released),
        plain_array(int(each.sure) for each in settled),
        plain_array(each.status for each in settled),
        [each.error for each in settled],
    )


async def erase_user(connection: Connection, user_id: str) -> None:
    """Remove all that was to be told of a user."""
    await connection.execute(SQL.erase_user, user_id)
