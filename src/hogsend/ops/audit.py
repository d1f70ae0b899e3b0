"""Who did what: every action of an operator, in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from uuid_utils import uuid7

from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.ops.record import Id, Instant, Listing, Page, Record

SQL = load_queries(__package__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that an operator did.

    Attributes:
        actor: Who, e.g. ``key:hog_3fJq9a (deploy)`` or ``cli:root``.
        name: What, e.g. ``bucket.disable``.
        target: To what, e.g. a bucket's id.
        detail: What else is worth knowing; no secrets.
    """

    actor: str
    name: str
    target: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class AuditLog(Record):
    """An entry of the audit log."""

    id: Id
    at: Instant
    actor: str
    action: str
    target: str
    detail: dict[str, Any]


class AuditLogs(Listing):
    """Entries of the audit log, newest first."""

    audit_logs: list[AuditLog]


async def record_action(connection: Connection, action: Action, now: datetime) -> None:
    """Write ``action`` down; in the transaction in which it is done."""
    await connection.execute(
        SQL.record_action,
        uuid7(),
        now,
        action.actor,
        action.name,
        action.target,
        dict(action.detail),
    )


async def note_action(pool: Pool, action: Action, now: datetime) -> None:
    """Write down what changes no row."""
    async with pool.acquire() as connection:
        await record_action(connection, action, now)


async def list_actions(pool: Pool, page: Page) -> AuditLogs:
    """The audit log, newest first."""
    rows = await pool.fetch(SQL.list_actions, page.limit, page.offset)
    return AuditLogs(
        audit_logs=[AuditLog.of(row) for row in rows],
        total=await pool.fetchval(SQL.count_actions),
        limit=page.limit,
        offset=page.offset,
    )
