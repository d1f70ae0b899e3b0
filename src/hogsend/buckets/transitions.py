"""Transitions as events of the log."""

from __future__ import annotations

from typing import Any

from uuid_utils import uuid7

from hogsend.buckets.definition import BUCKET_ENTERED, BUCKET_LEFT, BucketMeta
from hogsend.buckets.membership import Kind, Transition
from hogsend.events.model import Event

_NAMES = {Kind.ENTERED: BUCKET_ENTERED, Kind.LEFT: BUCKET_LEFT}


def transition_events(
    bucket: BucketMeta, user_id: str, transition: Transition
) -> tuple[Event, ...]:
    """The two events of a transition, of this bucket and of any; none if it is silent."""
    if not transition.emitted:
        return ()
    name = _NAMES[transition.kind]
    properties: dict[str, Any] = {
        "bucketId": bucket.id,
        "bucketName": bucket.name,
        "userId": user_id,
        "transition": transition.kind.value,
        "source": transition.source.value,
        "entryCount": transition.membership.entry_count,
    }
    if transition.membership.reason is not None:
        properties["reason"] = transition.membership.reason.value
    return tuple(
        Event(
            id=uuid7(),
            user_id=user_id,
            name=event_name,
            properties=properties,
            occurred_at=transition.at,
        )
        for event_name in (f"{name}:{bucket.id}", name)
    )
