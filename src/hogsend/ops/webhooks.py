"""Webhook endpoints as operators see them: made, tested and deleted, and what they answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from uuid_utils import uuid7

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.errors import InvalidInputError, NotFoundError
from hogsend.integrations.webhooks.addresses import check_url
from hogsend.integrations.webhooks.carrier import Attempt, note_attempts
from hogsend.integrations.webhooks.endpoints import (
    TEST,
    Endpoint,
    Topic,
    create_endpoint,
    delete_endpoint,
    find_endpoint,
)
from hogsend.integrations.webhooks.messages import message
from hogsend.integrations.webhooks.sender import Sender
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import Id, Instant, Listing, Page, Record

SQL = load_queries(__package__)

_KIND: Final = "webhook endpoint"
_TESTER: Final = "test"


class WebhookEndpoint(Record):
    """Somebody who is told by webhook; the secret is shown only once."""

    id: Id
    url: str
    topics: list[Topic]
    description: str
    created_at: Instant


class WebhookEndpoints(Listing):
    """Endpoints, newest first."""

    endpoints: list[WebhookEndpoint]


class NewWebhookEndpoint(Record):
    """An endpoint that was just made; ``secret`` is shown this once. It verifies signatures."""

    endpoint: WebhookEndpoint
    secret: str


class WebhookAttempt(Record):
    """An attempt to tell an endpoint something.

    Attributes:
        message_id: The header ``webhook-id``; the same at each attempt.
        status: Of the answer; null if there was none.
        error: Why it counts as failed; null if it does not.
    """

    id: Id
    message_id: Id
    user_id: str
    topic: str
    status: int | None
    error: str | None
    took_ms: int
    at: Instant


class WebhookAttempts(Record):
    """The latest attempts, newest first; they are kept for 30 days."""

    attempts: list[WebhookAttempt]


class WebhookDeleted(Record):
    """An endpoint that is told nothing any more."""

    endpoint: WebhookEndpoint


async def add_endpoint(
    pool: Pool,
    *,
    url: str,
    topics: Sequence[str],
    description: str,
    allow_private: bool,
    actor: str,
    now: datetime,
) -> NewWebhookEndpoint:
    """Make an endpoint.

    Raises:
        InvalidInputError: The URL or a topic cannot be used.
    """
    check_url(url, allow_private=allow_private)
    wanted = _topics(topics)
    async with pool.acquire() as connection, connection.transaction():
        made = await create_endpoint(
            connection, url=url, topics=wanted, description=description, now=now
        )
        detail = {"url": url, "topics": wanted}
        await record_action(connection, _action(actor, "create", made.id, detail), now)
    return NewWebhookEndpoint(endpoint=_shown(made), secret=made.shown_secret)


async def list_endpoints(pool: Pool, page: Page) -> WebhookEndpoints:
    """Endpoints, newest first."""
    rows = await pool.fetch(SQL.list_endpoints, page.limit, page.offset)
    return WebhookEndpoints(
        endpoints=[WebhookEndpoint.of(row) for row in rows],
        total=await pool.fetchval(SQL.count_endpoints),
        limit=page.limit,
        offset=page.offset,
    )


async def remove_endpoint(
    pool: Pool, endpoint_id: str, *, actor: str, now: datetime
) -> WebhookDeleted:
    """Tell an endpoint nothing more, also of what waits.

    Raises:
        NotFoundError: There is none.
    """
    found = await _require(pool, endpoint_id)
    async with pool.acquire() as connection, connection.transaction():
        if await delete_endpoint(connection, endpoint_id, now):
            action = _action(actor, "delete", found.id, {"url": found.url})
            await record_action(connection, action, now)
    return WebhookDeleted(endpoint=_shown(found))


async def list_attempts(pool: Pool, endpoint_id: str, page: Page) -> WebhookAttempts:
    """What an endpoint answered lately, newest first.

    Raises:
        NotFoundError: There is none.
    """
    await _require(pool, endpoint_id)
    rows = await pool.fetch(SQL.list_attempts, endpoint_id, page.limit, page.offset)
    return WebhookAttempts(attempts=[WebhookAttempt.of(row) for row in rows])


async def try_endpoint(
    pool: Pool, endpoint_id: str, *, allow_private: bool, actor: str, now: datetime
) -> WebhookAttempt:
    """Send a test webhook at once; what came of it.

    Raises:
        NotFoundError: There is no such endpoint.
    """
    found = await _require(pool, endpoint_id)
    message_id = str(uuid7())
    sender = Sender(allow_private=allow_private)
    try:
        sent = await sender.send(
            found, message_id, message(TEST, {"endpointId": endpoint_id}, now), now
        )
    finally:
        await sender.close()
    attempt = Attempt(
        user_id=_TESTER,
        endpoint_id=endpoint_id,
        message_id=message_id,
        topic=TEST,
        sent=sent,
        at=now,
    )
    await note_attempts(pool, [attempt])
    async with pool.acquire() as connection, connection.transaction():
        action = _action(actor, "test", found.id, {"status": sent.status})
        await record_action(connection, action, now)
    return WebhookAttempt(
        id=str(uuid7()),
        message_id=message_id,
        user_id=_TESTER,
        topic=TEST,
        status=sent.status,
        error=sent.error,
        took_ms=sent.took_ms,
        at=now,
    )


def _action(actor: str, name: str, endpoint_id: UUID, detail: dict[str, Any]) -> Action:
    return Action(
        actor=actor, name=f"webhook-endpoint.{name}", target=str(endpoint_id), detail=detail
    )


async def _require(pool: Pool, endpoint_id: str) -> Endpoint:
    found = await find_endpoint(pool, endpoint_id)
    if found is None:
        raise NotFoundError(_KIND, endpoint_id, (), near=True)
    return found


def _topics(topics: Sequence[str]) -> list[str]:
    known = [str(topic) for topic in Topic]
    unknown = sorted(set(topics) - set(known))
    if unknown or not topics:
        got = f"got {', '.join(unknown)}" if unknown else "there is none"
        raise InvalidInputError("topics", f"must be some of {', '.join(known)}; {got}")
    return [topic for topic in known if topic in topics]


def _shown(endpoint: Endpoint) -> WebhookEndpoint:
    return WebhookEndpoint(
        id=str(endpoint.id),
        url=endpoint.url,
        topics=[Topic(topic) for topic in endpoint.topics],
        description=endpoint.description,
        created_at=endpoint.created_at,
    )
