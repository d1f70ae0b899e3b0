"""Liveness and readiness."""

from __future__ import annotations

import msgspec
from fastapi import APIRouter, Response

from hogsend.app.client import Client


def health_routes(client: Client) -> APIRouter:
    """The routes that tell whether this process is fit to serve."""
    router = APIRouter(prefix="/v1")

    @router.get("/health")
    async def health() -> Response:
        state = await client.health()
        body = {
            "status": "ok" if state.ready else "unavailable",
            "database": state.database,
            "pumpLagSecs": state.pump_lag_s,
            "error": state.error,
        }
        return Response(
            msgspec.json.encode(body), 200 if state.ready else 503, media_type="application/json"
        )

    return router
