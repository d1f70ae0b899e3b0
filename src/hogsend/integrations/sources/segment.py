"""Segment's webhooks.

https://www.twilio.com/docs/segment/connections/destinations/catalog/webhooks
"""

from __future__ import annotations

from typing import Any, Final

from hogsend.integrations.sources.definition import (
    Ignored,
    Item,
    WebhookRequest,
    WebhookSource,
    define_webhook_source,
)
from hogsend.integrations.sources.signatures import hex_digest, key_of, same
from hogsend.integrations.sources.traits import address_of, require_text

_IGNORED: Final = {
    "alias": "two ids are not made one here; send one userId for a person",
    "group": "groups are not kept",
    "page": "pages are not kept; send a track call for what counts",
    "screen": "screens are not kept; send a track call for what counts",
}


def segment_source(*, secret: str, id: str = "segment") -> WebhookSource:  # noqa: A002
    """Webhooks of Segment's: ``track`` and ``identify``.

    Args:
        secret: The destination's shared secret.
        id: Where they go: ``/v1/webhooks/<id>``.
    """
    key = key_of(id, secret)

    def verify(request: WebhookRequest) -> bool:
        return same(request.headers.get("x-signature"), hex_digest(key, request.body, "sha1"))

    return define_webhook_source(id, verify=verify, transform=transform)


def transform(payload: Any) -> Item | Ignored:
    """A call as Segment passes it on.

    An ``identify`` is an event, too, ``segment.identify``: so its id keeps it from being merged
    again, later, over newer properties.
    """
    kind, message_id = payload["type"], require_text("messageId", payload["messageId"])
    if kind in _IGNORED:
        return Ignored(reason=f"{kind}: {_IGNORED[kind]}")
    if kind not in {"track", "identify"}:
        raise ValueError(f"there is no call {kind!r}")
    user_id = payload.get("userId")
    if user_id is None:
        return Ignored(reason=f"{kind}: without a userId it is nobody's")
    track = kind == "track"
    traits = (payload.get("context") or {}).get("traits") if track else payload.get("traits")
    return {
        "name": payload["event"] if track else "segment.identify",
        "userId": user_id,
        **address_of(traits or {}),
        "eventProperties": (payload.get("properties") or {}) if track else {},
        "contactProperties": traits or {},
        "timestamp": payload.get("timestamp"),
        "idempotencyKey": f"segment:{message_id}",
    }
