"""The answer as the HTTP API gives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hogsend.buckets.membership import Transition
from hogsend.buckets.situation import Stay
from hogsend.criteria.explain import LeafExplanation
from hogsend.instants import instant_to_json, optional_instant_to_json
from hogsend.ops.explain import Answer
from hogsend.ops.explain_text import notes, summarize


def explanation_json(answer: Answer) -> dict[str, Any]:
    """Everything that ``hogsend explain`` and its HTTP twin tell."""
    explanation, outlook = answer.explanation, answer.outlook
    contact, stays = answer.situation.contact, answer.situation.stays
    history = [_stay(stay) for stay in stays]
    return {
        "bucketId": answer.bucket_id,
        "bucketName": answer.standing.name,
        "userId": answer.user_id,
        "userEmail": contact and contact.email,
        "isMember": answer.is_member,
        "matches": outlook and outlook.matches,
        "summary": summarize(answer),
        "notes": notes(answer),
        "text": explanation and explanation.text,
        "reason": explanation and explanation.reason,
        "since": optional_instant_to_json(explanation.verdict.since if explanation else None),
        "flipsAt": optional_instant_to_json(outlook.flips_at if outlook else None),
        "next": [] if outlook is None else _moves(outlook.upcoming),
        "pending": [] if outlook is None else _moves(outlook.pending),
        "heldUntil": optional_instant_to_json(outlook.look_at if outlook else None),
        "nextCheckAt": optional_instant_to_json(answer.situation.due_at),
        "state": str(answer.standing.state),
        "progress": answer.standing.progress,
        "outdated": answer.standing.outdated,
        "membership": history[0] if history else None,
        "history": history,
        "leaves": [] if explanation is None else [_leaf(leaf) for leaf in explanation.leaves],
    }


def _stay(stay: Stay) -> dict[str, Any]:
    membership = stay.membership
    return {
        "status": "active" if membership.active else "left",
        "enteredAt": instant_to_json(membership.entered_at),
        "leftAt": optional_instant_to_json(membership.left_at),
        "entryCount": membership.entry_count,
        "source": str(membership.source),
        "reason": membership.reason and str(membership.reason),
        "announced": stay.announced,
        "dwellAnchorAt": optional_instant_to_json(membership.dwell_anchor_at),
    }


def _moves(transitions: Sequence[Transition]) -> list[dict[str, Any]]:
    return [
        {
            "transition": str(transition.kind),
            "at": instant_to_json(transition.at),
            "reason": transition.membership.reason and str(transition.membership.reason),
            "announced": transition.emitted,
        }
        for transition in transitions
    ]


def _leaf(leaf: LeafExplanation) -> dict[str, Any]:
    return {
        "path": leaf.path,
        "text": leaf.text,
        "matches": leaf.matches,
        "observed": leaf.observed,
        "atLeast": leaf.more,
        "fact": leaf.fact,
        "newest": optional_instant_to_json(leaf.newest),
        "since": optional_instant_to_json(leaf.since),
        "flipsAt": optional_instant_to_json(leaf.flips_at),
    }
