"""Liveness and readiness."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Response

from hogsend.app.client import Client
from hogsend.app.health import Health
from hogsend.instants import instant_to_json
from hogsend.ops.record import Instant, Record


class Readiness(Record):
    """Whether requests may be sent to this process.

    Attributes:
        registered: Whether the database knows the buckets of the code.
        workers: How many live.
        pump_lag_secs: How long the oldest due timer waits.
    """

    status: str
    database: str
    migrations: str | None
    registered: bool | None
    workers: int | None
    worker_seen_at: Instant | None
    pump_lag_secs: float | None
    error: str | None


class Liveness(Record):
    """The process answers."""

    status: str


def health_routes(client: Client) -> APIRouter:
    """The routes that tell whether this process is fit to serve."""
    router = APIRouter(prefix="/v1/health", tags=["Health"])

    @router.get(
        "",
        summary="Readiness",
        response_model=Readiness,
        responses={503: {"model": Readiness, "description": "Not fit to serve, and why."}},
    )
    async def readiness() -> Response:
        """Whether requests may be sent here: 200, else 503 with the reason."""
        health = await client.health()
        return _answer(200 if health.ready else 503, _shape(health))

    @router.get("/live", summary="Liveness", response_model=Liveness)
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
