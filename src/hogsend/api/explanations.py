"""Why a user is in a bucket or not, over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query

from hogsend.api.asking import BucketIdPath
from hogsend.app.client import Client
from hogsend.events.parse import MAX_ID_LENGTH
from hogsend.ops.buckets import BucketState
from hogsend.ops.explain import explain_membership
from hogsend.ops.explain_json import explanation_json
from hogsend.ops.record import BucketId, Instant, Record, UserId

UserQuery = Annotated[
    str,
    Query(
        alias="userId",
        min_length=1,
        max_length=MAX_ID_LENGTH,
        pattern=r"^[^\x00]*$",
        examples=["ada"],
        description="Whom: a user id, or a contact's mail address.",
    ),
]


class ExplainedStay(Record):
    """A stay; `announced` says whether its join was an event."""

    status: str
    entered_at: Instant
    left_at: Instant | None
    entry_count: int
    source: str
    reason: str | None
    announced: bool
    dwell_anchor_at: Instant | None


class Move(Record):
    """A join or leave that is to come if nothing happens."""

    transition: str
    at: Instant
    reason: str | None
    announced: bool


class ExplainedLeaf(Record):
    """One condition, judged by itself.

    Attributes:
        observed: The property's value, or how many events count; `atLeast` so many.
        fact: The same in English.
        flips_at: When the clock changes `matches` if nothing happens.
    """

    path: str
    text: str
    matches: bool
    observed: Any
    at_least: bool
    fact: str
    newest: Instant | None
    since: Instant | None
    flips_at: Instant | None


class MembershipExplanation(Record):
    """Why a user is in a bucket or not.

    Attributes:
        is_member: Whether they are in.
        matches: Whether the criteria hold; where the two differ, `notes` say why.
        summary: The answer in English, with its first reason.
        next: What comes if nothing happens.
        pending: What is due and waits for a worker.
        outdated: The processes that run have other criteria than the one that answers.
    """

    bucket_id: BucketId
    bucket_name: str
    user_id: UserId
    user_email: str | None
    is_member: bool
    matches: bool | None
    summary: str
    notes: list[str]
    text: str | None
    reason: str | None
    since: Instant | None
    flips_at: Instant | None
    next: list[Move]
    pending: list[Move]
    held_until: Instant | None
    next_check_at: Instant | None
    state: BucketState
    progress: float | None
    outdated: bool
    membership: ExplainedStay | None
    history: list[ExplainedStay]
    leaves: list[ExplainedLeaf]


def explain_routes(client: Client) -> APIRouter:
    """The question that operators ask most."""
    router = APIRouter(prefix="/v1/admin/buckets/{id}/explain", tags=["Buckets"])

    @router.get(
        "", summary="Why is a user in a bucket, or not?", response_model=MembershipExplanation
    )
    async def explain(bucket_id: BucketIdPath, user: UserQuery) -> dict[str, Any]:
        """Each condition with what was found, and when that changes if nothing happens."""
        answer = await explain_membership(
            client.engine.reads, client.registry, bucket_id, user, client.clock.now()
        )
        return explanation_json(answer)

    return router
