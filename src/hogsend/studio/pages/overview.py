"""The overview: whether all is well, at one glance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hogsend.ops.figures import BOUND, Figures, read_figures
from hogsend.ops.metrics import overview
from hogsend.ops.pulse import latest_moves, read_pulse
from hogsend.ops.workers import list_workers, unfinished_jobs
from hogsend.studio.rendering import Studio
from hogsend.studio.text import duration

_LATE_S = 5.0
_SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that is wrong, and where to look."""

    text: str
    path: str | None = None
    bad: bool = True


def overview_pages(studio: Studio) -> APIRouter:
    """The first page, and its live part."""
    router = APIRouter()

    async def answer(request: Request, template: str) -> Response:
        client, pool, now = studio.client, studio.pool, studio.now
        figures = await read_figures(
            pool,
            now,
            due_at=await client.engine.pump.next_due(),
            buckets=client.registry.exact_ids,
            journeys=client.journeys.live_ids,
        )
        return studio.page(
            request,
            template,
            alarms=list(_alarms(figures)),
            figures=figures,
            late=figures.pump_lag_s > _LATE_S,
            bound=BOUND,
            totals=await overview(pool, client.registry, now),
            pulse=await read_pulse(pool, now),
            moves=await latest_moves(pool, _SHOWN),
            workers=await list_workers(pool, _SHOWN),
            jobs=await unfinished_jobs(pool, _SHOWN),
        )

    @router.get("/")
    async def page(request: Request) -> Response:
        return await answer(request, "overview.html")

    @router.get("/overview/now")
    async def live(request: Request) -> Response:
        return await answer(request, "_overview_now.html")

    return router


def _alarms(figures: Figures) -> Iterator[Alarm]:
    if not figures.workers:
        yield Alarm(text="No worker is alive: nothing moves by the clock, and no journey goes on.")
    if figures.pump_lag_s > _LATE_S:
        late = duration(figures.pump_lag_s)
        yield Alarm(text=f"The pump is late: the oldest timer has been due for {late}.")
    if failed := figures.jobs.get("failed", 0):
        jobs = "A job has" if failed == 1 else f"{failed:,} jobs have"
        yield Alarm(text=f"{jobs} failed, and will be tried again.", path="/jobs")
    if failed := figures.mail.get("failed", 0):
        mails = "A mail" if failed == 1 else f"{failed:,} mails"
        yield Alarm(text=f"{mails} of the last hour could not be sent.", path="/mail")
    for bucket, drift in sorted(figures.drift.items()):
        if drift:
            text = f"The audit had to repair {drift:,} memberships of {bucket}."
            yield Alarm(text=text, path=f"/buckets/{bucket}", bad=False)
