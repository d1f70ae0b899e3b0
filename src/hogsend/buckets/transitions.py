"""Transitions as events of the log."""

from __future__ import annotations

from typing import Any

from uuid_utils import uuid7

from hogsend.buckets.definition import BUCKET_DWELL, BUCKET_ENTERED, BUCKET_LEFT, BucketMeta
from hogsend.buckets.membership import Kind, Transition
from hogsend.events.model import Event

_NAMES = {
    Kind.ENTERED: BUCKET_ENTERED,
    Kind.LEFT: BUCKET_LEFT,
    Kind.DWELL: BUCKET_DWELL,
}


def transition_events(
    bucket: BucketMeta, user_id: str, transition: Transition
) -> tuple[Event, ...]:
    """The events of a transition; none if it is silent.

    A join or leave has two, of this bucket and of any. A dwell has one.
    """
    if not transition.emitted:
        return ()
    name = f"{_NAMES[transition.kind]}:{bucket.id}"
    names: tuple[str, ...] = (name, _NAMES[transition.kind])
    if transition.kind is Kind.DWELL:
        names = (f"{name}:{transition.label}",)
    properties = _properties(bucket, user_id, transition)
    return tuple(
        Event(
            id=uuid7(),
            user_id=user_id,
            name=event_name,
            properties=properties,
            occurred_at=transition.at,
        )
        for event_name in names
    )


def _properties(bucket: BucketMeta, user_id: str, transition: Transition) -> dict[str, Any]:
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
    if transition.kind is Kind.DWELL:
        properties |= {"label": transition.label, "dwellCount": transition.count}
    return properties
