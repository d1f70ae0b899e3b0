"""Journeys: how far runs come, which sleep, which failed; pause, retry, cancel."""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hogsend.journeys.model import Status
from hogsend.ops.funnel import journey_funnel
from hogsend.ops.journeys import list_journeys, show_journey, switch_journey
from hogsend.ops.runs import cancel, list_runs, retry, show_run
from hogsend.studio.access import Operator
from hogsend.studio.asking import IdPath, Offset, Search, make_table
from hogsend.studio.rendering import Studio


class RunFilter(StrEnum):
    """Which runs are shown."""

    ALL = "all"
    WAITING = "waiting"
    ACTIVE = "active"
    FAILED = "failed"
    COMPLETED = "completed"
    EXITED = "exited"

    @property
    def status(self) -> Status | None:
        """As ``ops`` takes it."""
        return None if self is RunFilter.ALL else Status(self)


def journey_pages(studio: Studio) -> APIRouter:
    """The list, a journey, a run, and what may be done to them."""
    router = APIRouter()

    @router.get("/journeys")
    async def journeys(request: Request, offset: Offset = 0) -> Response:
        table = make_table(request, "journeys", offset=offset)
        found = await list_journeys(studio.pool, studio.client.journeys, table.page)
        table.holds(total=found.total, shown=len(found.journeys))
        return studio.page(request, "journeys.html", table=table, journeys=found.journeys)

    @router.get("/journeys/{journey_id}")
    async def journey(
        request: Request,
        journey_id: IdPath,
        q: Search = "",
        show: RunFilter = RunFilter.ALL,
        offset: Offset = 0,
    ) -> Response:
        shown = await show_journey(studio.pool, studio.client.journeys, journey_id)
        others = {} if show is RunFilter.ALL else {"show": str(show)}
        table = make_table(request, "runs", q=q, offset=offset, others=others)
        runs = await list_runs(
            studio.pool,
            journey_id,
            table.page,
            status=show.status,
            user_id=table.search or None,
        )
        table.holds(total=runs.total, shown=len(runs.states))
        return studio.page(
            request,
            "journey.html",
            journey=shown,
            funnel=await journey_funnel(studio.pool, journey_id),
            runs=runs.states,
            table=table,
            show=show,
            filters=list(RunFilter),
        )

    @router.get("/journeys/{journey_id}/runs/{run_id}")
    async def run(request: Request, journey_id: IdPath, run_id: str) -> Response:
        found = await show_run(studio.pool, journey_id, run_id)
        journey = studio.client.journeys.journeys.get(journey_id)
        name = journey_id if journey is None else journey.meta.name
        return studio.page(request, "run.html", run=found, journey_name=name)

    @router.post("/journeys/{journey_id}/pause")
    async def pause(request: Request, journey_id: IdPath, operator: Operator) -> Response:
        done = await switch_journey(studio.client, journey_id, enabled=False, actor=operator.actor)
        return studio.done(request, f"/journeys/{journey_id}", f"{done.name} is paused.")

    @router.post("/journeys/{journey_id}/resume")
    async def resume(request: Request, journey_id: IdPath, operator: Operator) -> Response:
        done = await switch_journey(studio.client, journey_id, enabled=True, actor=operator.actor)
        text = f"{done.name} runs again." if done.enabled else f"{done.name} is still disabled."
        return studio.done(request, f"/journeys/{journey_id}", text)

    @router.post("/journeys/{journey_id}/runs/{run_id}/retry")
    async def try_again(
        request: Request, journey_id: IdPath, run_id: str, operator: Operator
    ) -> Response:
        run = await retry(studio.client, journey_id, run_id, actor=operator.actor)
        text = f"The run of {run.user_id} goes on where it failed."
        return studio.done(request, f"/journeys/{journey_id}/runs/{run.id}", text)

    @router.post("/journeys/{journey_id}/runs/{run_id}/cancel")
    async def end(
        request: Request, journey_id: IdPath, run_id: str, operator: Operator
    ) -> Response:
        run = await cancel(studio.client, journey_id, run_id, actor=operator.actor)
        text = f"The run of {run.user_id} is cancelled."
        return studio.done(request, f"/journeys/{journey_id}/runs/{run.id}", text)

    return router
