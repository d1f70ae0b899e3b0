"""What an accepted write answers, over HTTP and on the command line."""

from __future__ import annotations

from typing import Any

from hogsend.buckets.definition import ANY_BUCKET_EVENTS
from hogsend.events.model import Outcome


def event_answer(outcome: Outcome) -> dict[str, Any]:
    """The answer to an event."""
    return {
        "stored": outcome.stored,
        "exits": [
            {"journeyId": exit_.journey_id, "stateId": exit_.state_id, "exited": True}
            for exit_ in outcome.exits
        ],
        "transitions": transitions_of(outcome),
    }


def contact_answer(outcome: Outcome) -> dict[str, Any]:
    """The answer to a contact write."""
    return {
        "userId": outcome.user_id,
        "created": outcome.created,
        "transitions": transitions_of(outcome),
    }


def transitions_of(outcome: Outcome) -> list[dict[str, Any]]:
    """Who joined and left which bucket by it."""
    return [
        {
            "bucketId": event.properties["bucketId"],
            "transition": event.properties["transition"],
        }
        for event in outcome.emitted
        if event.name in ANY_BUCKET_EVENTS
    ]
