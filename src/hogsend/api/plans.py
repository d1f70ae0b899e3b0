"""What a deploy would do, over HTTP: the code of this process against the database."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from hogsend.app.client import Client
from hogsend.ops.plan import make_plan, plan_json
from hogsend.ops.record import BucketId, Instant, Record


class PlannedJoins(Record):
    """Who would join, some of them by id."""

    count: int
    announced: bool
    users: list[str]


class PlannedLeaves(PlannedJoins):
    """Who would leave, some of them by id; `byMaxDwell` of them because their time is up."""

    by_max_dwell: int


class PlannedExits(Record):
    """How many runs of a journey the leaves would end."""

    journey_id: str
    runs: int


class PlannedBucket(Record):
    """What would become of one bucket.

    Attributes:
        change: What is to be done about it.
        criteria_text_before: Those that its memberships follow now.
        members: How many there are now.
        exits: The runs of journeys that the leaves would end.
        starts: The journeys that a leave starts, subject to their own limits.
        rejoins: How many would leave and be in again.
        deferred: How many would leave once their shortest stay is over.
        barred: How many the entry limit would keep out.
        dwells_due: How many dwell events would be due at once.
    """

    id: BucketId
    name: str
    change: str
    changes: bool
    criteria_text: str | None
    criteria_text_before: str | None
    members: int
    members_after: int
    joins: PlannedJoins
    leaves: PlannedLeaves
    exits: list[PlannedExits]
    starts: list[str]
    rejoins: int
    deferred: int
    barred: int
    dwells_due: int


class DeployPlan(Record):
    """What the code of the process that answers would do to the memberships."""

    now: Instant
    contacts: int
    changes: bool
    buckets: list[PlannedBucket]


def plan_routes(client: Client) -> APIRouter:
    """What a deploy would do."""
    router = APIRouter(prefix="/v1/admin/plan", tags=["Buckets"])

    @router.get("", summary="Plan", response_model=DeployPlan)
    async def plan() -> dict[str, Any]:
        """Compare the code of this process with the database: who would join and leave.

        A running process has told the database of its code, so this says what is still to be
        done. Before a deploy, run `hogsend plan` with the new code.
        """
        made = await make_plan(
            client.engine.pool,
            client.registry,
            client.journeys,
            chosen=client.settings.enabled_buckets,
            now=client.clock.now(),
        )
        return plan_json(made)

    return router
