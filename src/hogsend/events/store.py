"""The log in the database. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries
from hogsend.events.model import Event

SQL = load_queries(__package__)


async def insert_events(
    connection: Connection, events: Sequence[Event], received_at: datetime
) -> None:
    """Append events; the caller holds the users' contact locks."""
    await connection.execute(
        SQL.insert_events,
        [event.user_id for event in events],
        [event.name for event in events],
        [event.occurred_at for event in events],
        [event.id for event in events],
        [event.properties for event in events],
        [event.idempotency_key for event in events],
        received_at,
    )


async def known_keys(
    connection: Connection, keys: Collection[tuple[str, str]]
) -> set[tuple[str, str]]:
    """Those of the (user id, idempotency key) pairs that the log has already."""
    users, values = zip(*keys, strict=True)
    rows = await connection.fetch(SQL.known_keys, list(users), list(values))
    return {(row["user_id"], row["idempotency_key"]) for row in rows}
