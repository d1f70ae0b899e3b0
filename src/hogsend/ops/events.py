"""The log of events as operators see it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.contacts import show_contact
from hogsend.ops.record import (
    COUNTED_UP_TO,
    BucketId,
    CappedListing,
    Id,
    Instant,
    Page,
    Record,
    UserId,
)

SQL = load_queries(__package__)


class LoggedEvent(Record):
    """An event of the log: a client's, or a transition.

    Attributes:
        occurred_at: When it happened.
        received_at: When it was stored.
    """

    id: Id
    user_id: UserId
    event: str
    properties: dict[str, Any]
    occurred_at: Instant
    received_at: Instant
    idempotency_key: str | None


class LoggedEvents(CappedListing):
    """Events, those that happened last first."""

    events: list[LoggedEvent]


class EventName(Record):
    """A name that events have."""

    name: str
    last_seen_at: Instant


class EventNames(CappedListing):
    """Names of events in alphabetical order."""

    names: list[EventName]


class TimelineKind(StrEnum):
    """What an entry of a timeline is."""

    EVENT = "event"
    ENTERED = "entered"
    LEFT = "left"
    DWELL = "dwell"
    JOURNEY_STARTED = "journey-started"
    JOURNEY_ENDED = "journey-ended"
    MAIL = "mail"


class TimelineEntry(Record):
    """Something that happened to a contact.

    Attributes:
        title: The event's name, the bucket's or journey's id, the mail's template.
        detail: An event's properties; of a stay, its reason and source; of a run, its status; of
            a mail, its status and subject.
    """

    at: Instant
    kind: TimelineKind
    title: str
    bucket_id: BucketId | None
    journey_id: str | None
    detail: dict[str, Any]


class Timeline(CappedListing):
    """What happened to a contact, newest first."""

    entries: list[TimelineEntry]


async def list_events(
    pool: Pool,
    page: Page,
    *,
    user_id: str | None = None,
    event: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> LoggedEvents:
    """Events of one user, of one name, of a time, or all; those that happened last first."""
    if user_id is None:
        rows = await pool.fetch(SQL.list_events, event, start, end, page.limit, page.offset)
        if start is None and end is None:
            counted = await pool.fetchval(SQL.count_all_events, event)
        else:
            counted = await pool.fetchval(SQL.count_events, event, start, end, COUNTED_UP_TO)
    else:
        asked = (user_id, event, start, end)
        rows = await pool.fetch(SQL.list_user_events, *asked, page.limit, page.offset)
        counted = await pool.fetchval(SQL.count_user_events, *asked, COUNTED_UP_TO)
    return LoggedEvents(events=[LoggedEvent.of(row) for row in rows], **_listed(counted, page))


async def list_event_names(pool: Pool, page: Page) -> EventNames:
    """The names that events have, and when each was seen last."""
    rows = await pool.fetch(SQL.list_event_names, page.limit, page.offset)
    counted = await pool.fetchval(SQL.count_event_names, COUNTED_UP_TO)
    return EventNames(names=[EventName.of(row) for row in rows], **_listed(counted, page))


async def timeline_of(pool: Pool, user_id: str, page: Page) -> Timeline:
    """What happened to a user: events, stays, journeys and mail, newest first.

    Raises:
        NotFoundError: There is no such contact, nor was there one.
    """
    rows = await pool.fetch(SQL.timeline, user_id, page.limit, page.offset)
    counted = await pool.fetchval(SQL.count_timeline, user_id, COUNTED_UP_TO)
    if not counted:
        await show_contact(pool, user_id)
    return Timeline(entries=[TimelineEntry.of(row) for row in rows], **_listed(counted, page))


def _listed(counted: int, page: Page) -> dict[str, Any]:
    return {
        "total": min(counted, COUNTED_UP_TO),
        "total_capped": counted > COUNTED_UP_TO,
        "limit": page.limit,
        "offset": page.offset,
    }
