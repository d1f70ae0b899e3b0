"""Journeys over HTTP: list, inspect, pause, runs, enrolling, cancelling, trying again."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import Field

from hogsend.api.asking import Actor, JourneyIdPath, PageQuery, UserIdQuery
from hogsend.api.body import read_model
from hogsend.api.openapi import takes
from hogsend.app.client import Client
from hogsend.events.parse import MAX_ID_LENGTH, VISIBLE, check_json
from hogsend.journeys.model import Status
from hogsend.ops.journeys import (
    JourneyDetail,
    Journeys,
    JourneySwitch,
    list_journeys,
    require_journey,
    show_journey,
    switch_journey,
)
from hogsend.ops.record import Record
from hogsend.ops.runs import JourneyState, JourneyStates, cancel, enroll, list_runs, retry

StateIdPath = Annotated[UUID, Path(alias="stateId", description="The run's id.")]


class JourneyPatch(Record):
    """What to change about a journey."""

    enabled: bool


class Enrollment(Record):
    """Whom to enrol, and the trigger's properties as the journey is to see them."""

    user_id: str = Field(
        min_length=1,
        max_length=MAX_ID_LENGTH,
        pattern=rf"^[^\x00]*{VISIBLE.pattern}[^\x00]*$",
        examples=["ada"],
    )
    properties: dict[str, Any] | None = None


class JourneyAnswer(Record):
    """One journey."""

    journey: JourneyDetail


class JourneySwitchAnswer(Record):
    """A journey that was enabled or disabled."""

    journey: JourneySwitch


class StateAnswer(Record):
    """One run, as it is now."""

    state: JourneyState


def journey_routes(client: Client) -> APIRouter:
    """What operators see of journeys, and do to them."""
    router = APIRouter(prefix="/v1/admin/journeys", tags=["Journeys"])

    @router.get("", summary="List journeys")
    async def list_(
        page: PageQuery,
        enabled: Annotated[
            bool | None, Query(description="Only those that run, or do not.")
        ] = None,
    ) -> Journeys:
        """Every journey with its runs by status; those that the code has dropped come last."""
        return await list_journeys(client.engine.reads, client.journeys, page, enabled=enabled)

    @router.get("/{id}", summary="Inspect a journey")
    async def show(journey_id: JourneyIdPath) -> JourneyAnswer:
        """All about one journey: what starts and ends it, whom it left out, its newest runs."""
        journey = await show_journey(client.engine.reads, client.journeys, journey_id)
        return JourneyAnswer(journey=journey)

    @router.patch("/{id}", summary="Enable or disable a journey", openapi_extra=takes(JourneyPatch))
    async def switch(
        journey_id: JourneyIdPath, request: Request, actor: Actor
    ) -> JourneySwitchAnswer:
        """Pause a journey, or let it go on, in every process within seconds.

        A paused journey enrols nobody, and its runs wait where they are; events still end them.
        """
        patch = await read_model(request, JourneyPatch)
        switched = await switch_journey(client, journey_id, enabled=patch.enabled, actor=actor)
        return JourneySwitchAnswer(journey=switched)

    @router.get("/{id}/states", summary="List a journey's runs")
    async def states(
        journey_id: JourneyIdPath,
        page: PageQuery,
        status: Annotated[Status | None, Query(description="Only runs of this status.")] = None,
        user_id: UserIdQuery = None,
    ) -> JourneyStates:
        """Runs, newest first, each with what its durable calls returned."""
        await require_journey(client.engine.reads, client.journeys, journey_id)
        return await list_runs(
            client.engine.reads, journey_id, page, status=status, user_id=user_id
        )

    @router.post(
        "/{id}/enroll",
        status_code=201,
        summary="Enrol a contact by hand",
        openapi_extra=takes(Enrollment),
        responses={409: {"description": "They are in it already."}},
    )
    async def enrol(journey_id: JourneyIdPath, request: Request, actor: Actor) -> StateAnswer:
        """Start a run as if the trigger had come; entry limits do not apply."""
        order = await read_model(request, Enrollment)
        check_json("properties", order.properties)
        state = await enroll(
            client, journey_id, order.user_id, properties=order.properties, actor=actor
        )
        return StateAnswer(state=state)

    return router


def run_routes(client: Client) -> APIRouter:
    """Looking after single runs."""
    router = APIRouter(prefix="/v1/admin/journeys/{id}/states/{stateId}", tags=["Journeys"])
    over: dict[int | str, dict[str, Any]] = {409: {"description": "Its status does not allow it."}}

    @router.delete("", summary="Cancel a run", responses=over)
    async def cancel_(
        journey_id: JourneyIdPath, state_id: StateIdPath, actor: Actor
    ) -> StateAnswer:
        """End a run. One that a worker has in hand stops at its next durable call."""
        return StateAnswer(state=await cancel(client, journey_id, str(state_id), actor=actor))

    @router.post("/retry", summary="Retry a run", responses=over)
    async def retry_(journey_id: JourneyIdPath, state_id: StateIdPath, actor: Actor) -> StateAnswer:
        """Let a failed run go on where it failed; what it has done is not done again."""
        return StateAnswer(state=await retry(client, journey_id, str(state_id), actor=actor))

    return router
