"""The outbox as operators see it: what waits, what was given up, and giving that another chance."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.errors import NotFoundError
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import COUNTED_UP_TO, CappedListing, Id, Instant, Page, Record

SQL = load_queries(__package__)

_CHUNK: Final = 1000


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DEAD = "dead"


class Destination(Record):
    """Somebody whom the outbox tells things; counts stop at 100,000.

    Attributes:
        lag_secs: For how long the delivery has been due that is due longest.
    """

    destination: str
    pending: int
    dead: int
    lag_secs: float


class OutboxSummary(Record):
    """All destinations for which there is anything in the outbox."""

    destinations: list[Destination]


class Delivery(Record):
    """A row of the outbox.

    Attributes:
        id: What the other side knows it by.
        attempts: How often it was refused.
        due_at: When it is tried again; null once it is given up.
        status: Of the HTTP answer to the latest attempt.
    """

    id: Id
    destination: str
    user_id: str
    topic: str
    payload: dict[str, Any]
    attempts: int
    status: int | None
    error: str | None
    created_at: Instant
    due_at: Instant | None
    dead_at: Instant | None


class Deliveries(CappedListing):
    """Pending ones that are due longest first, dead ones newest first."""

    deliveries: list[Delivery]


class Replayed(Record):
    """How many dead deliveries are due again."""

    replayed: int


async def summarize(source: Pool | Connection, now: datetime) -> OutboxSummary:
    """What waits for whom."""
    rows = await source.fetch(SQL.outbox_summary, now, COUNTED_UP_TO)
    return OutboxSummary(
        destinations=[
            Destination(
                destination=row["destination"],
                pending=row["pending"],
                dead=row["dead"],
                lag_secs=max(0.0, (now - row["due_at"]).total_seconds()) if row["due_at"] else 0.0,
            )
            for row in rows
        ]
    )


async def list_deliveries(
    pool: Pool, destination: str, state: DeliveryState, page: Page
) -> Deliveries:
    """A destination's deliveries that wait, or that were given up."""
    dead = state is DeliveryState.DEAD
    rows = await pool.fetch(
        SQL.dead_deliveries if dead else SQL.pending_deliveries,
        destination,
        page.limit,
        page.offset,
    )
    total = await pool.fetchval(SQL.count_deliveries, destination, dead, COUNTED_UP_TO + 1)
    return Deliveries(
        deliveries=[Delivery.of(row) for row in rows],
        total=min(total, COUNTED_UP_TO),
        total_capped=total > COUNTED_UP_TO,
        limit=page.limit,
        offset=page.offset,
    )


async def replay(
    pool: Pool, destination: str, *, delivery_id: str | None, actor: str, now: datetime
) -> Replayed:
    """Let dead deliveries have all their attempts again: one, or all of a destination.

    Raises:
        NotFoundError: There is no such dead delivery.
    """
    replayed = 0
    while True:
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(SQL.replay_dead, destination, delivery_id, now, _CHUNK)
            replayed += len(rows)
            if len(rows) == _CHUNK:
                continue
            if delivery_id is not None and not rows:
                raise NotFoundError("dead delivery", delivery_id, (), near=True)
            detail = {"delivery": delivery_id, "replayed": replayed}
            action = Action(actor=actor, name="outbox.replay", target=destination, detail=detail)
            await record_action(connection, action, now)
            return Replayed(replayed=replayed)
