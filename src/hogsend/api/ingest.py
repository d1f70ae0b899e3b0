"""The data plane: events in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec.structs import replace

from hogsend.api.body import MAX_BATCH_BYTES, MAX_ITEM_BYTES, read_json
from hogsend.api.openapi import takes
from hogsend.api.shapes import BatchAccepted, EventAccepted
from hogsend.app.client import Client
from hogsend.errors import InvalidInputError
from hogsend.events.model import Write
from hogsend.events.parse import MAX_ID_LENGTH, parse_event
from hogsend.ops.outcomes import event_answer

MAX_BATCH: Final = 1000
_PRINTABLE: Final = re.compile(r"[!-~]([ -~]*[!-~])?")
_KEY_HEADER: Final = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "description": "As `idempotencyKey` in the body, and it wins.",
            "schema": {
                "type": "string",
                "minLength": 1,
                "maxLength": MAX_ID_LENGTH,
                "pattern": f"^{_PRINTABLE.pattern}$",
            },
        }
    ]
}


def ingest_routes(client: Client) -> APIRouter:
    """The routes that take events."""
    router = APIRouter(prefix="/v1/events", tags=["Events"])

    @router.post(
        "",
        status_code=202,
        summary="Send an event",
        response_model=EventAccepted,
        openapi_extra=takes("EventIn") | _KEY_HEADER,
    )
    async def post_event(request: Request) -> Response:
        """Store an event; when it returns, the memberships that follow from it are committed.

        A key that is known already: `stored` is false, and nothing else happens.
        """
        item = await read_json(request, MAX_ITEM_BYTES)
        write = parse_event(item, client.clock.now())
        if (key := request.headers.get("Idempotency-Key")) is not None:
            write = _with_key(write, key)
        outcome = (await client.engine.batcher.submit([write]))[0]
        return _accepted(event_answer(outcome))

    @router.post(
        "/batch",
        status_code=202,
        summary="Send a batch of events",
        response_model=BatchAccepted,
        response_model_exclude_none=True,
        openapi_extra=takes("EventBatchIn"),
    )
    async def post_batch(request: Request) -> Response:
        """Store up to 1,000 events. A bad item is refused alone, with the reason."""
        items = _batch_items(await read_json(request, MAX_BATCH_BYTES))
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


def _with_key(write: Write, key: str) -> Write:
    """The same write with the key of the header."""
    if len(key) > MAX_ID_LENGTH or _PRINTABLE.fullmatch(key) is None:
        raise InvalidInputError(
            "Idempotency-Key", f"must be 1 to {MAX_ID_LENGTH} characters of printable ASCII"
        )
    event = write.event and replace(write.event, idempotency_key=key)
    return replace(write, event=event)


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


def _accepted(body: object) -> Response:
    return Response(msgspec.json.encode(body), 202, media_type="application/json")
