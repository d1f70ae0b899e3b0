"""The overview: whether all is well, at one glance."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hogsend.ops.figures import read_figures
from hogsend.ops.metrics import overview
from hogsend.studio.rendering import Studio


def overview_pages(studio: Studio) -> APIRouter:
    """The first page, and its live part."""
    router = APIRouter()

    async def answer(request: Request, template: str) -> Response:
        client, now = studio.client, studio.now
        figures = await read_figures(
            studio.pool,
            now,
            due_at=await client.engine.pump.next_due(),
            buckets=client.registry.exact_ids,
            journeys=client.journeys.live_ids,
        )
        totals = await overview(studio.pool, client.registry, now)
        return studio.page(request, template, figures=figures, totals=totals)

    @router.get("/")
    async def page(request: Request) -> Response:
        return await answer(request, "overview.html")

    @router.get("/overview/now")
    async def live(request: Request) -> Response:
        return await answer(request, "_overview_now.html")

    return router
