"""What senders know of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hogsend.events.parse import EMAIL, MAX_EMAIL_LENGTH


def address_of(traits: Mapping[str, Any]) -> dict[str, str]:
    """Their mail address, if it is one; what a sender has as ``email`` may be anything."""
    email = traits.get("email")
    if not isinstance(email, str) or len(email) > MAX_EMAIL_LENGTH or not EMAIL.fullmatch(email):
        return {}
    return {"email": email}


def require_text(name: str, value: Any) -> str:
    """An id of the sender's, without which a webhook that comes again would not be known."""
    if not isinstance(value, str) or not value:
        raise TypeError(f"{name} must be a text; got {value!r}")
    return value
