"""What users want no mail of.

A row in ``email_preferences`` is authoritative; without one a user takes everything. A user who is
unsubscribed, from everything or from a category, still gets transactional mail.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from hogsend.db.literals import text_array
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)


async def is_subscribed(
    connection: Pool | Connection, user_id: str, category: str | None = None
) -> bool:
    """Whether a user takes mail: any at all, or of a category."""
    return not await unsubscribed(connection, [user_id], category)


async def unsubscribed(
    connection: Pool | Connection, user_ids: Collection[str], category: str | None = None
) -> set[str]:
    """Those of ``user_ids`` who take no mail: none at all, or none of a category."""
    rows = await connection.fetch(SQL.find_preferences, text_array(user_ids), category)
    return {row["user_id"] for row in rows}


async def unsubscribe(
    connection: Pool | Connection, user_id: str, *, category: str | None = None, now: datetime
) -> None:
    """Send a user no more mail: none at all, or none of a category."""
    if category is None:
        await connection.execute(SQL.unsubscribe, user_id, now)
    else:
        since = {category: now.isoformat()}
        await connection.execute(SQL.unsubscribe_category, user_id, since, now)


async def resubscribe(
    connection: Pool | Connection, user_id: str, *, category: str | None = None, now: datetime
) -> None:
    """Undo ``unsubscribe``; without a category, undo every one of them."""
    await connection.execute(SQL.resubscribe, user_id, category, now)
