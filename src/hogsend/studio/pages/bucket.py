"""One bucket: how it grew, who is in it, what it starts, what will happen, pausing it."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hogsend.ops.buckets import BucketDetail, show_bucket, switch_bucket
from hogsend.ops.criteria_tree import tree_of
from hogsend.ops.dwelling import read_dwelling
from hogsend.ops.impact import count_fed_runs
from hogsend.ops.jobs import list_jobs
from hogsend.ops.member_search import find_members
from hogsend.ops.metrics import BucketSeries, bucket_series
from hogsend.ops.periods import Period, Span
from hogsend.ops.pulse import latest_moves
from hogsend.ops.record import Page
from hogsend.ops.stays import Member, StayStatus, list_members
from hogsend.ops.upcoming import read_upcoming
from hogsend.studio.access import Operator
from hogsend.studio.asking import IdPath, Offset, Search, make_table
from hogsend.studio.rendering import Studio
from hogsend.studio.tables import Table

_MOVES: Final = 12
_MEMBERS: Final = 25
_JOBS: Final = Page(limit=5)
_RANGES: Final = {
    Period.HOUR: (("24 h", 24), ("3 d", 72), ("7 d", 168)),
    Period.DAY: (("30 d", 30), ("90 d", 90), ("1 y", 365)),
    Period.WEEK: (("26 w", 26), ("1 y", 52), ("3 y", 156)),
}


def bucket_pages(studio: Studio) -> APIRouter:
    """The page of a bucket, its live parts, and what operators do to it."""
    router = APIRouter()

    @router.get("/buckets/{bucket_id}")
    async def page(
        request: Request,
        bucket_id: IdPath,
        period: Period = Period.DAY,
        points: Annotated[int, Query(ge=1, le=1000)] = 30,
        status: StayStatus = StayStatus.ACTIVE,
        q: Search = "",
        offset: Offset = 0,
    ) -> Response:
        bucket = await _show(studio, bucket_id)
        others = {"status": str(status), "period": str(period), "points": str(points)}
        table = make_table(request, "members", q=q, offset=offset, limit=_MEMBERS, others=others)
        known = studio.client.registry.buckets.get(bucket_id)
        series = await _series(studio, bucket_id, period, points)
        return studio.page(
            request,
            "bucket.html",
            bucket=bucket,
            tree=None if known is None else tree_of(known.meta.criteria),
            series=series,
            chart=_chart(series),
            ranges=_RANGES,
            points=points,
            dwelling=await read_dwelling(studio.pool, bucket_id),
            members=await _members(studio, bucket_id, table, status),
            table=table,
            status=status,
            **await _live(studio, bucket_id),
            **await _switch(studio, bucket),
        )

    @router.get("/buckets/{bucket_id}/now")
    async def live(request: Request, bucket_id: IdPath) -> Response:
        bucket = await _show(studio, bucket_id)
        facts = await _live(studio, bucket_id)
        return studio.page(request, "_bucket_now.html", bucket=bucket, **facts)

    @router.post("/buckets/{bucket_id}/pause")
    async def pause(request: Request, bucket_id: IdPath, operator: Operator) -> Response:
        done = await switch_bucket(studio.client, bucket_id, enabled=False, actor=operator.actor)
        text = f"{done.name} is paused: its members stay as they are, and nothing is announced."
        return studio.done(request, f"/buckets/{bucket_id}", text)

    @router.post("/buckets/{bucket_id}/resume")
    async def resume(request: Request, bucket_id: IdPath, operator: Operator) -> Response:
        done = await switch_bucket(studio.client, bucket_id, enabled=True, actor=operator.actor)
        text = f"{done.name} is evaluated again, and catches up with what it missed."
        return studio.done(request, f"/buckets/{bucket_id}", text)

    return router


async def _show(studio: Studio, bucket_id: str) -> BucketDetail:
    client = studio.client
    return await show_bucket(studio.pool, client.registry, client.journeys, bucket_id, studio.now)


async def _live(studio: Studio, bucket_id: str) -> dict[str, Any]:
    """What the page reads again every few seconds."""
    return {
        "moves": await latest_moves(studio.pool, _MOVES, bucket_id),
        "jobs": (await list_jobs(studio.pool, _JOBS, bucket_id)).jobs,
        "upcoming": await read_upcoming(studio.pool, bucket_id, studio.now),
    }


async def _switch(studio: Studio, bucket: BucketDetail) -> dict[str, Any]:
    """What the dialog tells before the bucket is paused or resumed."""
    fed = await count_fed_runs(studio.pool, studio.client.journeys, bucket.id)
    return {"fed": fed, "fed_runs": sum(each.runs for each in fed)}


async def _series(studio: Studio, bucket_id: str, period: Period, points: int) -> BucketSeries:
    start = studio.now - (points - 1) * period.length
    span = Span.around(period, start, None, studio.now)
    return await bucket_series(studio.pool, bucket_id, span)


def _chart(series: BucketSeries) -> dict[str, Any]:
    """As the scripts take them: an axis of seconds, and the lines over it."""
    x = [point.date.timestamp() for point in series.points]
    return {
        "size": {"x": x, "lines": [["Members", [point.size for point in series.points]]]},
        "moves": {
            "x": x,
            "lines": [
                ["Entered", [point.entered for point in series.points]],
                ["Left", [point.left for point in series.points]],
            ],
        },
    }


async def _members(
    studio: Studio, bucket_id: str, table: Table, status: StayStatus
) -> list[Member]:
    if table.search:
        found = await find_members(studio.pool, bucket_id, table.search, table.limit, status=status)
        full = len(found) == table.limit
        table.holds(total=len(found), shown=len(found), capped=full, paged=False)
        return list(found)
    listed = await list_members(studio.pool, bucket_id, table.page, status=status)
    table.holds(total=listed.total, shown=len(listed.members))
    return listed.members
