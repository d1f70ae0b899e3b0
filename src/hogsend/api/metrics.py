"""Numbers and the log of events over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from hogsend.api.asking import (
    BucketIdPath,
    InstantQuery,
    JourneyIdPath,
    PageQuery,
    UserIdQuery,
    instant_query,
    text_query,
)
from hogsend.app.client import Client
from hogsend.ops.buckets import require_bucket
from hogsend.ops.events import (
    EventNames,
    LoggedEvents,
    list_event_names,
    list_events,
)
from hogsend.ops.funnel import Funnel, JourneyMetrics, journey_funnel, journey_metrics
from hogsend.ops.journeys import require_journey
from hogsend.ops.metrics import (
    BucketMetrics,
    BucketSeries,
    EventSeries,
    MailMetrics,
    Overview,
    bucket_metrics,
    bucket_series,
    event_series,
    mail_metrics,
    overview,
)
from hogsend.ops.periods import Period, Span

From = Annotated[InstantQuery | None, instant_query("from", "From then on.")]
To = Annotated[InstantQuery | None, instant_query("to", "Before then.")]
EventQuery = Annotated[str | None, text_query("Only events of this name.", "app.active")]


def metrics_routes(client: Client) -> APIRouter:
    """Counts, all at once and over time."""
    router = APIRouter(prefix="/v1/admin/metrics", tags=["Metrics"])

    def span(period: Period, start: From, end: To) -> Span:
        return Span.around(period, start, end, client.clock.now())

    @router.get("/overview", summary="Overview")
    async def all_() -> Overview:
        """Contacts, journeys and mail in all, and of the last 24 hours, 7 and 30 days."""
        return await overview(client.engine.reads, client.registry, client.clock.now())

    @router.get("/buckets", summary="Numbers of all buckets")
    async def buckets() -> BucketMetrics:
        """Of each bucket: members, joins and leaves so far, and how long stays lasted."""
        return await bucket_metrics(client.engine.reads, client.registry)

    @router.get("/buckets/{id}", summary="A bucket over time")
    async def bucket(
        bucket_id: BucketIdPath,
        period: Annotated[Period, Query(description="How long a point lasts.")] = Period.DAY,
        start: From = None,
        end: To = None,
    ) -> BucketSeries:
        """Joins, leaves and size by hour, day or week of UTC, zeros included; 30 without `from`.

        Points are whole periods, at most the last 1,000 of the time asked for.
        """
        await require_bucket(client.engine.reads, client.registry, bucket_id)
        return await bucket_series(client.engine.reads, bucket_id, span(period, start, end))

    @router.get("/journeys", summary="Numbers of all journeys")
    async def journeys() -> JourneyMetrics:
        """The runs of each journey by status."""
        return await journey_metrics(client.engine.reads, client.journeys)

    @router.get("/journeys/{id}", summary="A journey's funnel")
    async def funnel(journey_id: JourneyIdPath) -> Funnel:
        """How many runs came to each durable call, in the order of the calls.

        Of the newest 5,000 runs.
        """
        await require_journey(client.engine.reads, client.journeys, journey_id)
        return await journey_funnel(client.engine.reads, journey_id)

    @router.get("/events", summary="Events over time")
    async def events(
        granularity: Annotated[Period, Query(description="How long a point lasts.")] = Period.DAY,
        event: EventQuery = None,
        start: From = None,
        end: To = None,
    ) -> EventSeries:
        """How many events happened, by hour, day or week of UTC, zeros included.

        Of one name, or all that clients sent.
        """
        return await event_series(client.engine.reads, span(granularity, start, end), event=event)

    @router.get("/emails", summary="Numbers of mails")
    async def emails(start: From = None, end: To = None) -> MailMetrics:
        """By template, what became of the mails of these days; of 30 without `from`."""
        return await mail_metrics(client.engine.reads, span(Period.DAY, start, end))

    return router


def event_admin_routes(client: Client) -> APIRouter:
    """The log of events."""
    router = APIRouter(prefix="/v1/admin/events", tags=["Events"])

    @router.get("", summary="List events")
    async def list_(
        page: PageQuery,
        user_id: UserIdQuery = None,
        event: EventQuery = None,
        start: From = None,
        end: To = None,
    ) -> LoggedEvents:
        """The log, what happened last first; transitions are in it, too.

        `total` stops at 100,000. `to` leads further back than an `offset`.
        """
        return await list_events(
            client.engine.reads,
            page,
            user_id=user_id,
            event=event,
            start=start,
            end=end,
        )

    @router.get("/names", summary="List names of events")
    async def names(page: PageQuery) -> EventNames:
        """The names that events have, in alphabetical order, and when each was seen last."""
        return await list_event_names(client.engine.reads, page)

    return router
