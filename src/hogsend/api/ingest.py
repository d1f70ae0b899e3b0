"""The data plane: events in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response

from hogsend.api.body import read_json
from hogsend.app.client import Client
from hogsend.buckets.definition import ANY_BUCKET_EVENTS
from hogsend.errors import InvalidInputError
from hogsend.events.model import Outcome, Write
from hogsend.events.parse import parse_event

MAX_BATCH: Final = 1000


def ingest_routes(client: Client) -> APIRouter:
    """The routes that take events."""
    router = APIRouter(prefix="/v1/events")

    @router.post("", status_code=202)
    async def post_event(request: Request) -> Response:
        item = await read_json(request)
        key = request.headers.get("Idempotency-Key")
        if key is not None and isinstance(item, dict):
            item = {**item, "idempotencyKey": key}
        write = parse_event(item, client.clock.now())
        outcome = (await client.engine.batcher.submit([write]))[0]
        return _accepted(
            {
                "stored": outcome.stored,
                "exits": _exits(outcome),
                "transitions": _transitions(outcome),
            }
        )

    @router.post("/batch", status_code=202)
    async def post_batch(request: Request) -> Response:
        items = _batch_items(await read_json(request))
        parsed = [_parse_or_fault(item, client) for item in items]
        writes = [write for write in parsed if isinstance(write, Write)]
        outcomes = iter(await client.engine.batcher.submit(writes))
        results = [
            {"stored": next(outcomes).stored} if isinstance(item, Write) else _rejected(item)
            for item in parsed
        ]
        stored = sum(result["stored"] is True for result in results)
        return _accepted(
            {
                "results": results,
                "stored": stored,
                "duplicates": len(writes) - stored,
                "rejected": len(items) - len(writes),
            }
        )

    return router


def _batch_items(body: object) -> Sequence[object]:
    items = body.get("events") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise InvalidInputError("events", 'is missing; send {"events": [...]}')
    if len(items) > MAX_BATCH:
        raise InvalidInputError(
            "events", f"has {len(items):,} items; at most {MAX_BATCH:,} go in one batch"
        )
    return items


def _parse_or_fault(item: object, client: Client) -> Write | InvalidInputError:
    try:
        return parse_event(item, client.clock.now())
    except InvalidInputError as error:
        return error


def _rejected(fault: InvalidInputError) -> dict[str, Any]:
    error = {"code": "invalid_value", "field": fault.field, "message": str(fault)}
    return {"stored": False, "error": error}


def _transitions(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {
            "bucketId": event.properties["bucketId"],
            "transition": event.properties["transition"],
        }
        for event in outcome.emitted
        if event.name in ANY_BUCKET_EVENTS
    ]


def _exits(outcome: Outcome) -> list[dict[str, Any]]:
    return [
        {"journeyId": exit_.journey_id, "stateId": exit_.state_id, "exited": True}
        for exit_ in outcome.exits
    ]


def _accepted(body: object) -> Response:
    return Response(msgspec.json.encode(body), 202, media_type="application/json")
