"""``GET /metrics``: what Prometheus scrapes."""

from __future__ import annotations

import asyncio
from typing import Final

import asyncpg
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST

from hogsend.app.client import Client
from hogsend.db.pool import UNREACHABLE
from hogsend.ops.figures import Figures, read_figures

_PATIENCE_S: Final = 5.0


def scrape_routes(client: Client) -> APIRouter:
    """The route that takes the scope ``read``."""
    router = APIRouter(tags=["Operations"])

    @router.get(
        "/metrics",
        summary="Metrics for Prometheus",
        response_class=Response,
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
    )
    async def metrics() -> Response:
        """Figures of this process, and of the whole installation, in Prometheus' text format."""
        figures = await _read(client)
        client.metrics.queue.set(client.engine.batcher.waiting)
        return Response(client.metrics.render(figures), media_type=CONTENT_TYPE_LATEST)

    return router


async def _read(client: Client) -> Figures:
    """The figures; that the database does not answer is one, too."""
    engine = client.engine
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return await read_figures(
                engine.pool,
                client.clock.now(),
                due_at=await engine.pump.next_due(),
                buckets=client.registry.exact_ids,
                journeys=client.journeys.live_ids,
            )
    except (*UNREACHABLE, asyncpg.PostgresError, TimeoutError):
        return Figures(up=False)
