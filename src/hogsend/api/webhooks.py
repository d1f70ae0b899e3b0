"""Webhooks that come in. They take no API key: each source knows its own by their signature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Path, Request, Response

from hogsend.api.body import MAX_ITEM_BYTES, decode_json, read_bytes
from hogsend.api.errors import MalformedError, TooLargeError, error_response
from hogsend.api.shapes import WebhookAccepted
from hogsend.app.client import Client
from hogsend.errors import DefinitionError, InvalidInputError, NotFoundError
from hogsend.events.model import Write
from hogsend.integrations.sources.definition import (
    Ignored,
    WebhookRequest,
    WebhookSource,
    source_faults,
)

_log = structlog.get_logger(__name__)

_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"description": "As the source sends it."}}},
    }
}

SourcePath = Annotated[
    str,
    Path(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00]*$",
        examples=["stripe"],
        description="The source's id.",
    ),
]


def webhook_routes(client: Client, sources: Sequence[WebhookSource]) -> APIRouter:
    """The route that takes webhooks.

    Raises:
        DefinitionError: Two sources have one id.
    """
    if faults := source_faults(sources):
        raise DefinitionError(faults)
    known = {source.id: source for source in sources}
    received = client.metrics.webhooks
    router = APIRouter(prefix="/v1/webhooks", tags=["Webhooks"])

    @router.post(
        "/{source}",
        status_code=202,
        summary="Receive a webhook",
        response_model=WebhookAccepted,
        responses={
            401: {"description": "The source's signature is missing or wrong."},
            503: {"description": "No database, or too much to do; send it again."},
        },
        openapi_extra=_BODY,
    )
    async def receive(source: SourcePath, request: Request) -> Response | dict[str, Any]:
        """Store what a webhook tells. One that comes again, by its sender's id, does nothing.

        It takes no API key: 401 says that the source's signature is missing or wrong.
        """
        if (chosen := known.get(source)) is None:
            raise NotFoundError("webhook source", source, list(known))
        try:
            body = await read_bytes(request, MAX_ITEM_BYTES)
        except TooLargeError:
            received.labels(source, "too_large").inc()
            raise
        now = client.clock.now()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not chosen.verify(WebhookRequest(headers=headers, body=body, received_at=now)):
            received.labels(source, "bad_signature").inc()
            _log.warning("webhook.bad_signature", source=source)
            return error_response(401, "bad_signature", "The signature is missing or wrong.")
        try:
            found = chosen.read(_decode(body), now)
        except InvalidInputError as error:
            received.labels(source, "bad_payload").inc()
            _log.warning("webhook.bad_payload", source=source, error=str(error))
            raise
        if isinstance(found, Ignored):
            received.labels(source, "ignored").inc()
            return {"stored": 0, "duplicates": 0, "ignored": found.reason}
        stored = await _store(client, found)
        received.labels(source, "stored" if stored else "duplicate").inc()
        return {"stored": stored, "duplicates": len(found) - stored, "ignored": None}

    return router


async def _store(client: Client, writes: list[Write]) -> int:
    outcomes = await client.engine.batcher.submit(writes)
    return sum(outcome.stored for outcome in outcomes)


def _decode(body: bytes) -> Any:
    try:
        return decode_json(body)
    except MalformedError as error:
        raise InvalidInputError("payload", str(error)) from error
