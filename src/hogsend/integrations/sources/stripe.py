"""Stripe's webhooks.

https://docs.stripe.com/webhooks
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hogsend.integrations.sources.definition import (
    Ignored,
    Item,
    WebhookRequest,
    WebhookSource,
    define_webhook_source,
)
from hogsend.integrations.sources.signatures import is_stamped, key_of
from hogsend.integrations.sources.traits import require_text

TOLERANCE: Final = timedelta(minutes=5)
_EMAILS: Final = ("customer_email", "receipt_email", "email")


def stripe_source(
    *,
    secret: str,
    id: str = "stripe",  # noqa: A002
    user_id: Callable[[Mapping[str, Any]], str | None] | None = None,
    tolerance: timedelta = TOLERANCE,
) -> WebhookSource:
    """Webhooks of Stripe's; each is an event ``stripe.<type>``.

    Args:
        secret: The endpoint's signing secret, ``whsec_...``.
        id: Where they go: ``/v1/webhooks/<id>``.
        user_id: Whose an object (``data.object``) is. By default its ``metadata.userId``, or its
            ``client_reference_id``; else its mail address, or that of ``customer_details``.
        tolerance: How old a signature may be.
    """
    key = key_of(id, secret)

    def verify(request: WebhookRequest) -> bool:
        header = request.headers.get("stripe-signature", "")
        return is_stamped(header, key, request.body, request.received_at, tolerance)

    def transform(payload: Any) -> Item | Ignored:
        return _event(payload, user_id or _user_id)

    return define_webhook_source(id, verify=verify, transform=transform)


def _event(payload: Any, whose: Callable[[Mapping[str, Any]], str | None]) -> Item | Ignored:
    if payload["object"] != "event":
        raise ValueError(f"object must be 'event'; got {payload['object']!r}")
    kind, event_id = require_text("type", payload["type"]), payload["id"]
    about = payload["data"]["object"]
    about_kind = require_text("data.object.object", about["object"])
    if not isinstance(event_id, str) or not event_id.startswith("evt_"):
        raise ValueError(f"id must be that of an event; got {event_id!r}")
    person = {"userId": whose(about), "email": _email(about)}
    if not any(person.values()):
        return Ignored(reason=f"{kind}: {about_kind} names no userId and no mail address")
    return {
        "name": f"stripe.{kind}",
        **person,
        "eventProperties": {**about, "livemode": payload.get("livemode")},
        "timestamp": datetime.fromtimestamp(payload["created"], UTC).isoformat(),
        "idempotencyKey": f"stripe:{event_id}",
    }


def _user_id(about: Mapping[str, Any]) -> str | None:
    found = (about.get("metadata") or {}).get("userId") or about.get("client_reference_id")
    return None if found is None else str(found)


def _email(about: Mapping[str, Any]) -> str | None:
    details = about.get("customer_details") or {}
    candidates = (*(about.get(name) for name in _EMAILS), details.get("email"))
    return next((email for email in candidates if isinstance(email, str)), None)
