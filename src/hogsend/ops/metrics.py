"""Numbers over time and all at once; each is a count of rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import asyncpg
from pydantic import Field

from hogsend.buckets.registry import Registry
from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.periods import Period, Span
from hogsend.ops.record import BucketId, Instant, Record

SQL = load_queries(__package__)


class Totals(Record):
    """How many there are, and how many are new."""

    total: int
    last_24h: int = Field(serialization_alias="last24h")
    last_7d: int = Field(serialization_alias="last7d")
    last_30d: int = Field(serialization_alias="last30d")


class Overview(Record):
    """The whole installation in a few numbers.

    Attributes:
        contacts: Contacts, and when they were created.
        journeys: Runs of journeys, and when they started.
        emails: Mails that were sent, and when.
        active_runs: Runs that are under way.
        active_buckets: Buckets that are evaluated.
        bucket_members: Members of all buckets of the code; who is in two counts twice.
    """

    contacts: Totals
    journeys: Totals
    emails: Totals
    active_runs: int
    active_buckets: int
    bucket_members: int


class BucketFigures(Record):
    """A bucket's stays, all there ever were.

    Attributes:
        size: Members now.
        avg_dwell_secs: How long the stays that ended lasted.
    """

    bucket_id: BucketId
    name: str
    size: int
    entered: int
    left: int
    avg_dwell_secs: float | None


class BucketMetrics(Record):
    """Every bucket of the code."""

    buckets: list[BucketFigures]


class BucketPoint(Record):
    """One period: who came, who went, and how many there were at its end."""

    date: Instant
    entered: int
    left: int
    size: int


class BucketSeries(Record):
    """A bucket over time; periods in which nothing happened are there, too."""

    bucket_id: BucketId
    period: Period
    size: int
    points: list[BucketPoint]


class EventPoint(Record):
    """One period and how many events happened in it."""

    date: Instant
    count: int


class EventSeries(Record):
    """Events over time, by when they happened."""

    granularity: Period
    total: int
    points: list[EventPoint]


class MailFigures(Record):
    """Mails of one template, by what became of them."""

    template: str
    total: int
    sending: int
    sent: int
    failed: int
    suppressed: int
    bounced: int
    complained: int


class MailMetrics(Record):
    """Mails of a time, by template."""

    from_: Instant = Field(serialization_alias="from")
    to: Instant
    templates: list[MailFigures]


async def overview(pool: Pool, registry: Registry, now: datetime) -> Overview:
    """The whole installation in a few numbers."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        counts = await connection.fetchrow(SQL.overview, list(registry.buckets))
        news = await connection.fetch(SQL.news, [now - timedelta(days=days) for days in (1, 7, 30)])
    assert counts is not None  # noqa: S101 - a row of aggregates
    return Overview(
        contacts=_totals("contacts", counts, news),
        journeys=_totals("journeys", counts, news),
        emails=_totals("emails", counts, news),
        active_runs=counts["active_runs"],
        active_buckets=len(registry.live_ids),
        bucket_members=counts["bucket_members"],
    )


def _totals(what: str, counts: asyncpg.Record, news: Sequence[asyncpg.Record]) -> Totals:
    day, week, month = (row[what] for row in news)
    return Totals(total=counts[what], last_24h=day, last_7d=week, last_30d=month)


async def bucket_metrics(pool: Pool, registry: Registry) -> BucketMetrics:
    """Every bucket of the code, with its stays."""
    names = {bucket.id: bucket.meta.name for bucket in registry.definitions}
    rows = await pool.fetch(SQL.bucket_figures, list(names), list(names.values()))
    return BucketMetrics(buckets=[BucketFigures.of(row) for row in rows])


async def bucket_series(pool: Pool, bucket_id: str, span: Span) -> BucketSeries:
    """Joins, leaves and size of a bucket by period.

    Sizes are counted back from the members of now, so they cost what has happened since.
    """
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        size = await connection.fetchval(SQL.bucket_size, bucket_id)
        rows = await connection.fetch(
            SQL.bucket_moves, bucket_id, span.period.length, span.start, span.end
        )
    moves = {row["date"]: row for row in rows}
    after = moves.get(span.end)
    at_end = size if after is None else size - after["entered"] + after["left"]
    points: list[BucketPoint] = []
    for date in reversed(span.dates):
        move = moves.get(date)
        entered, left = (0, 0) if move is None else (move["entered"], move["left"])
        points.append(BucketPoint(date=date, entered=entered, left=left, size=at_end))
        at_end += left - entered
    return BucketSeries(
        bucket_id=bucket_id, period=span.period, size=size, points=list(reversed(points))
    )


async def event_series(pool: Pool, span: Span, *, event: str | None = None) -> EventSeries:
    """Events by period: of one name, or all that clients sent."""
    rows = await pool.fetch(SQL.event_moves, event, span.period.length, span.start, span.end)
    counts = {row["date"]: row["count"] for row in rows}
    points = [EventPoint(date=date, count=counts.get(date, 0)) for date in span.dates]
    return EventSeries(
        granularity=span.period, total=sum(point.count for point in points), points=points
    )


async def mail_metrics(pool: Pool, span: Span) -> MailMetrics:
    """Mails that were made in a time, by template."""
    rows = await pool.fetch(SQL.mail_figures, span.start, span.end)
    return MailMetrics(
        from_=span.start, to=span.end, templates=[MailFigures.of(row) for row in rows]
    )
