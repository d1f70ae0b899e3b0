"""Endpoints of outgoing webhooks over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request
from pydantic import Field

from hogsend.api.asking import Actor, PageQuery
from hogsend.api.body import read_model
from hogsend.api.openapi import takes
from hogsend.app.client import Client
from hogsend.integrations.webhooks.addresses import URL_PATTERN
from hogsend.integrations.webhooks.endpoints import Topic
from hogsend.ops.record import Record
from hogsend.ops.webhooks import (
    NewWebhookEndpoint,
    WebhookAttempt,
    WebhookAttempts,
    WebhookDeleted,
    WebhookEndpoints,
    add_endpoint,
    list_attempts,
    list_endpoints,
    remove_endpoint,
    try_endpoint,
)

EndpointId = Annotated[UUID, Path(alias="id", description="The endpoint's id.")]


class WebhookEndpointOrder(Record):
    """The endpoint to make."""

    url: str = Field(
        max_length=2000,
        description="Where webhooks go.",
        json_schema_extra={"pattern": URL_PATTERN},  # a setting may allow more
    )
    topics: list[Topic] = Field(min_length=1, max_length=20, description="What it is told of.")
    description: str = Field(default="", max_length=500, pattern=r"^[^\x00]*$")


def endpoint_routes(client: Client) -> APIRouter:
    """Who is told by webhook; it takes ``full-admin``, since data leaves by it."""
    router = APIRouter(prefix="/v1/admin/webhook-endpoints", tags=["Webhooks"])

    @router.get("", summary="List webhook endpoints")
    async def list_(page: PageQuery) -> WebhookEndpoints:
        """Endpoints, newest first; secrets are not shown."""
        return await list_endpoints(client.engine.reads, page)

    @router.post(
        "",
        status_code=201,
        summary="Add a webhook endpoint",
        openapi_extra=takes(WebhookEndpointOrder),
    )
    async def add(request: Request, actor: Actor) -> NewWebhookEndpoint:
        """The answer shows the secret this once. It is told of what happens from two seconds on."""
        order = await read_model(request, WebhookEndpointOrder)
        return await add_endpoint(
            client.engine.pool,
            url=order.url,
            topics=order.topics,
            description=order.description,
            allow_private=client.settings.webhooks_allow_private,
            actor=actor,
            now=client.clock.now(),
        )

    @router.delete("/{id}", summary="Delete a webhook endpoint")
    async def delete(endpoint_id: EndpointId, actor: Actor) -> WebhookDeleted:
        """It is told nothing more; what waits for it is dropped."""
        return await remove_endpoint(
            client.engine.pool, str(endpoint_id), actor=actor, now=client.clock.now()
        )

    @router.get("/{id}/attempts", summary="List attempts of a webhook endpoint")
    async def attempts(endpoint_id: EndpointId, page: PageQuery) -> WebhookAttempts:
        """What it answered lately, newest first."""
        return await list_attempts(client.engine.reads, str(endpoint_id), page)

    @router.post("/{id}/test", summary="Test a webhook endpoint")
    async def test(endpoint_id: EndpointId, actor: Actor) -> WebhookAttempt:
        """Send it a webhook of type `webhook.test` at once; the answer says what came of it."""
        return await try_endpoint(
            client.engine.pool,
            str(endpoint_id),
            allow_private=client.settings.webhooks_allow_private,
            actor=actor,
            now=client.clock.now(),
        )

    return router
