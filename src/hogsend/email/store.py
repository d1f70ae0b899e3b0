"""Mail on record. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils import uuid7

from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.email.model import TRANSACTIONAL, Content, Mail, MailStatus, Message, SentMail

SQL = load_queries(__package__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody as a mail finds them.

    Attributes:
        address: Where it would go; None if nobody knows.
        refusal: Why they are not to get it, or None.
    """

    user_id: str
    address: str | None
    properties: Mapping[str, Any]
    refusal: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A mail that this process may hand to the provider now; ``number`` fences its outcome."""

    user_id: str
    key: str
    number: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A mail as it is on record."""

    mail: SentMail
    attempt: Attempt | None
    claimed_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A mail that is to be sent to a user, once for this key."""

    mail: Mail
    user_id: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A mail to be put on record: rendered, or with the reason why it is not sent."""

    order: Order
    from_: str
    provider: str
    to: str | None = None
    status: MailStatus = MailStatus.SENDING
    reason: str | None = None
    id: UUID
    content: Content | None = None
    headers: Mapping[str, str] | None = None


def new_id() -> UUID:
    """An id for a mail; they sort by the time at which they were made."""
    return UUID(int=uuid7().int)


async def find_recipient(connection: Connection, order: Order) -> Recipient:
    """Whom a mail would go to, and whether they take it."""
    mail, user_id = order.mail, order.user_id
    row: Any = await connection.fetchrow(SQL.find_recipient, user_id, mail.category)
    address = mail.to or row["email"]
    refusal = None
    if mail.category != TRANSACTIONAL and row["unsubscribed"]:
        refusal = "unsubscribed"
    elif mail.category != TRANSACTIONAL and row["unsubscribed_from_category"]:
        refusal = f"unsubscribed from {mail.category}"
    elif address and (why := await connection.fetchval(SQL.find_suppression, address)):
        refusal = f"{address} is on the suppression list: {why}"
    return Recipient(
        user_id=user_id,
        address=address,
        properties=row["properties"] or {},
        refusal=refusal,
    )


async def count_recent(connection: Connection, user_id: str, since: datetime) -> int:
    """How many mails a user got since then that count towards the frequency cap."""
    count: int = await connection.fetchval(SQL.count_recent, user_id, since)
    return count


async def lock_send(connection: Connection, order: Order) -> Stored | None:
    """The mail with this key, locked until the transaction ends."""
    row = await connection.fetchrow(SQL.lock_send, order.user_id, order.key)
    return None if row is None else _stored(row)


async def insert_send(
    connection: Connection, draft: Draft, claimed_until: datetime | None, now: datetime
) -> Stored | None:
    """Put a mail on record, claimed if it is to be sent; None: somebody else has just done so."""
    content, order = draft.content, draft.order
    row = await connection.fetchrow(
        SQL.insert_send,
        order.user_id,
        order.key,
        draft.id,
        draft.status,
        draft.reason,
        order.mail.template,
        order.mail.category,
        order.mail.journey_id,
        draft.from_,
        draft.to,
        content and content.subject,
        content and content.html,
        content and content.text,
        dict(draft.headers or {}),
        draft.provider,
        0 if claimed_until is None else 1,
        claimed_until,
        now,
    )
    return None if row is None else _stored(row)


async def claim_send(
    connection: Connection, stored: SentMail, provider: str, until: datetime, now: datetime
) -> Stored:
    """Claim a mail whose lock the caller holds for one more attempt."""
    return _stored(
        await connection.fetchrow(SQL.claim_send, stored.user_id, stored.key, until, provider, now)
    )


async def finish_send(
    pool: Pool | Connection,
    attempt: Attempt,
    *,
    status: MailStatus,
    reason: str | None = None,
    provider_id: str | None = None,
    now: datetime,
) -> SentMail | None:
    """Note what became of an attempt; None: a later attempt has overtaken it."""
    row = await pool.fetchrow(
        SQL.finish_send,
        attempt.user_id,
        attempt.key,
        attempt.number,
        status,
        reason,
        provider_id,
        now if status == MailStatus.SENT else None,
        now,
    )
    return None if row is None else read_send(row)


async def release_send(pool: Pool, attempt: Attempt, reason: str) -> None:
    """Let the next attempt begin at once; ``reason`` says why this one came to nothing."""
    await pool.execute(SQL.release_send, attempt.user_id, attempt.key, attempt.number, reason)


async def suppress_address(
    connection: Pool | Connection,
    user_id: str,
    address: str,
    *,
    reason: str,
    detail: str | None,
    now: datetime,
) -> None:
    """Send nothing to ``address`` any more: ``bounced``, ``complained`` or ``manual``."""
    await connection.execute(SQL.suppress_address, user_id, address, reason, detail, now)


async def erase_mail(connection: Connection, user_id: str) -> None:
    """Remove all that mail knows about a user; the caller holds their contact lock."""
    for statement in (SQL.erase_sends, SQL.erase_preferences, SQL.erase_suppressions):
        await connection.execute(statement, user_id)


async def ensure_secret(
    connection: Pool | Connection, name: str, new: bytes, now: datetime
) -> bytes:
    """The secret of that name, which is ``new`` if there was none."""
    await connection.execute(SQL.keep_secret, name, new, now)
    value: bytes = await connection.fetchval(SQL.find_secret, name)
    return value


def read_send(row: Any) -> SentMail:
    """A row of ``email_sends``."""
    return SentMail(
        id=row["id"],
        user_id=row["user_id"],
        key=row["idempotency_key"],
        template=row["template"],
        category=row["category"],
        to=row["to_address"],
        subject=row["subject"],
        status=MailStatus(row["status"]),
        reason=row["reason"],
        provider_id=row["provider_id"],
        created_at=row["created_at"],
        sent_at=row["sent_at"],
    )


def _stored(row: Any) -> Stored:
    attempt = None
    if row["status"] == MailStatus.SENDING:
        attempt = Attempt(
            user_id=row["user_id"],
            key=row["idempotency_key"],
            number=row["attempts"],
            message=read_message(row),
        )
    return Stored(mail=read_send(row), attempt=attempt, claimed_until=row["claimed_until"])


def read_message(row: Any) -> Message:
    """The message in a row of ``email_sends``."""
    return Message(
        id=row["id"],
        from_=row["from_address"],
        to=row["to_address"],
        content=Content(subject=row["subject"], html=row["html"], text=row["text"]),
        headers=row["headers"],
        created_at=row["created_at"],
    )
