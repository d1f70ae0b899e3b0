"""Liveness and readiness."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Response

from hogsend.app.client import Client
from hogsend.app.health import Health
from hogsend.instants import instant_to_json


def health_routes(client: Client) -> APIRouter:
    """The routes that tell whether this process is fit to serve."""
    router = APIRouter(prefix="/v1/health")

    @router.get("")
    async def readiness() -> Response:
        """Whether requests may be sent here: 200, else 503 with the reason."""
        health = await client.health()
        return _answer(200 if health.ready else 503, _shape(health))

    @router.get("/live")
    async def liveness() -> Response:
        """200 as long as the process answers at all, database or not."""
        return _answer(200, {"status": "ok"})

    return router


def _shape(health: Health) -> dict[str, Any]:
    return {
        "status": "ok" if health.ready else "unavailable",
        "database": health.database,
        "migrations": health.migrations,
        "registered": health.registered,
        "workers": health.workers,
        "workerSeenAt": health.worker_seen_at and instant_to_json(health.worker_seen_at),
        "pumpLagSecs": health.pump_lag_s,
        "error": health.error,
    }


def _answer(status: int, body: object) -> Response:
    return Response(msgspec.json.encode(body), status, media_type="application/json")
