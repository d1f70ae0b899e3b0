"""PostHog's webhooks: events of its realtime destinations, actions, persons and cohorts.

PostHog signs nothing; a destination can send headers, so the secret itself is one of them.
https://posthog.com/docs/cdp/destinations/webhook
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hogsend.integrations.sources.definition import (
    Ignored,
    Item,
    WebhookRequest,
    WebhookSource,
    define_webhook_source,
)
from hogsend.integrations.sources.signatures import bears, key_of
from hogsend.integrations.sources.traits import address_of, require_text

OURS: Final = "hogsend"
"""What events that we send have as ``$lib``."""

_HEADER: Final = "x-webhook-secret"
_INTERNAL: Final = frozenset({"$set", "$identify", "$feature_flag_called", "$pageleave"})
_COHORT: Final = {"entered": "posthog.cohort_entered", "left": "posthog.cohort_left"}


def posthog_source(*, secret: str, id: str = "posthog") -> WebhookSource:  # noqa: A002
    """Webhooks of PostHog's.

    Args:
        secret: What the destination sends as ``X-Webhook-Secret`` or ``Authorization: Bearer``.
        id: Where they go: ``/v1/webhooks/<id>``.
    """
    key = key_of(id, secret)

    def verify(request: WebhookRequest) -> bool:
        return bears(request.headers, key, _HEADER)

    return define_webhook_source(id, verify=verify, transform=transform)


def transform(payload: Any) -> Item | Ignored:
    """What a payload stands for.

    It is an event (``{event, person?}``), an action (``{hook, data}``), a person (``{person}``) or
    somebody who entered or left a cohort (``{cohort, person, change, uuid}``). Beside a person
    without ``distinct_ids`` there has to be a ``distinct_id``.
    """
    if "cohort" in payload or "change" in payload:
        return _cohort(payload)
    if "hook" in payload:
        data = payload["data"]
        return _event(
            {**data, "uuid": data["eventUuid"], "distinct_id": data["distinctId"]},
            data.get("person"),
        )
    if "event" in payload:
        return _event(payload["event"], payload.get("person"))
    return _person(payload)


def _event(event: Mapping[str, Any], person: Mapping[str, Any] | None) -> Item | Ignored:
    name, properties = event["event"], event.get("properties") or {}
    if properties.get("$lib") == OURS:
        return Ignored(reason="it is what this installation told PostHog")
    traits = _traits(person)
    if name in _INTERNAL:
        # What PostHog itself says about persons; of it, the properties are the news.
        traits = {**traits, **properties.get("$set", {})}
        if not traits:
            return Ignored(reason=f"{name} says nothing about the person")
    return {
        "name": f"posthog.{name.removeprefix('$')}" if name in _INTERNAL else name,
        "userId": require_text("distinct_id", event["distinct_id"]),
        **address_of(traits),
        "eventProperties": properties,
        "contactProperties": traits,
        "timestamp": event.get("timestamp"),
        "idempotencyKey": f"posthog:{require_text('uuid', event['uuid'])}",
    }


def _person(payload: Mapping[str, Any]) -> Item:
    """A person as they are now; that has no id, and coming again it is merged again."""
    traits = _traits(payload["person"])
    return {"userId": _user_id(payload), **address_of(traits), "properties": traits}


def _cohort(payload: Mapping[str, Any]) -> Item:
    cohort, traits = payload["cohort"], _traits(payload["person"])
    return {
        "name": _COHORT[payload["change"]],
        "userId": _user_id(payload),
        **address_of(traits),
        "eventProperties": {"cohortId": cohort["id"], "cohortName": cohort.get("name")},
        "contactProperties": traits,
        "timestamp": payload.get("timestamp"),
        "idempotencyKey": f"posthog:{require_text('uuid', payload['uuid'])}",
    }


def _user_id(payload: Mapping[str, Any]) -> str:
    """The ``distinct_id`` beside a person, or their first one."""
    given = payload.get("distinct_id") or payload["person"]["distinct_ids"][0]
    return require_text("distinct_id", given)


def _traits(person: Mapping[str, Any] | None) -> dict[str, Any]:
    """The person's properties, without PostHog's own."""
    properties = (person or {}).get("properties") or {}
    return {key: value for key, value in properties.items() if not key.startswith("$")}
