"""Mail as operators see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.email.model import MailStatus, Message, SentMail
from hogsend.email.store import read_message, read_send

SQL = load_queries(__package__)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMail:
    """A mail with what was rendered for it, if anything was."""

    mail: SentMail
    message: Message | None
    provider: str
    attempts: int


async def list_mail(
    pool: Pool,
    *,
    user_id: str | None = None,
    status: MailStatus | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[int, list[SentMail]]:
    """How many mails there are, and a page of them, newest first."""
    if user_id is None:
        total: int = await pool.fetchval(SQL.count_mail, status)
        rows = await pool.fetch(SQL.list_mail, status, limit, offset)
    else:
        total = await pool.fetchval(SQL.count_user_mail, status, user_id)
        rows = await pool.fetch(SQL.list_user_mail, status, limit, offset, user_id)
    return total, [read_send(row) for row in rows]


async def find_mail(pool: Pool, mail_id: UUID) -> KeptMail | None:
    """One mail with its content."""
    row = await pool.fetchrow(SQL.find_mail, mail_id)
    if row is None:
        return None
    return KeptMail(
        mail=read_send(row),
        message=None if row["html"] is None else read_message(row),
        provider=row["provider"],
        attempts=row["attempts"],
    )


async def count_mails(pool: Pool, journey_ids: Sequence[str]) -> dict[str, int]:
    """How many mails each journey has sent, of those that have."""
    rows = await pool.fetch(SQL.count_journey_mails, journey_ids)
    return {row["journey_id"]: row["count"] for row in rows}
