"""The outbox over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from hogsend.api.asking import Actor, PageQuery
from hogsend.api.body import read_model
from hogsend.api.openapi import takes
from hogsend.app.client import Client
from hogsend.ops.outbox import (
    Deliveries,
    DeliveryState,
    OutboxSummary,
    Replayed,
    list_deliveries,
    replay,
    summarize,
)
from hogsend.ops.record import Record

DestinationPath = Annotated[
    str,
    Path(
        min_length=1,
        max_length=100,
        pattern=r"^[^\x00]*$",
        examples=["posthog"],
        description="Whom: `posthog`, or the id of a webhook endpoint.",
    ),
]


class ReplayOrder(Record):
    """What to deliver after all."""

    id: UUID | None = Field(default=None, description="One delivery; null is all dead ones.")


def outbox_routes(client: Client) -> APIRouter:
    """What waits to be delivered to the outside, and what was given up."""
    router = APIRouter(prefix="/v1/admin/outbox", tags=["Outbox"])

    @router.get("", summary="Summarize the outbox")
    async def summary() -> OutboxSummary:
        """What waits for whom, for how long, and how much was given up."""
        return await summarize(client.engine.reads, client.clock.now())

    @router.get("/{destination}", summary="List deliveries")
    async def list_(
        destination: DestinationPath,
        page: PageQuery,
        state: Annotated[
            DeliveryState, Query(description="Those that wait, or that were given up.")
        ] = DeliveryState.DEAD,
    ) -> Deliveries:
        """Of one destination, with the reason why the latest attempt failed."""
        return await list_deliveries(client.engine.reads, destination, state, page)

    @router.post(
        "/{destination}/replay", summary="Replay deliveries", openapi_extra=takes(ReplayOrder)
    )
    async def replay_(destination: DestinationPath, request: Request, actor: Actor) -> Replayed:
        """Give deliveries that were given up all their attempts again."""
        order = await read_model(request, ReplayOrder)
        return await replay(
            client.engine.pool,
            destination,
            delivery_id=None if order.id is None else str(order.id),
            actor=actor,
            now=client.clock.now(),
        )

    return router
