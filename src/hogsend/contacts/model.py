"""A contact, and how a write merges into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field


class Contact(Struct, frozen=True, kw_only=True, gc=False):
    """A person as the log knows them, with all their properties merged.

    Attributes:
        awaits: The names of events that somebody waits for; perhaps some that nobody does.
    """

    user_id: str
    email: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)
    awaits: Sequence[str] = ()


class Merge(Struct, frozen=True, kw_only=True, gc=False):
    """What a write made of a contact.

    Attributes:
        contact: The contact afterwards.
        changed_keys: The property keys whose value is another one now.
        changed: Whether there is anything to store.
    """

    contact: Contact
    changed_keys: frozenset[str]
    changed: bool


_MISSING = object()
_NO_KEYS: frozenset[str] = frozenset()


def merge(contact: Contact, patch: Mapping[str, Any], email: str | None = None) -> Merge:
    """Merge ``patch`` shallowly into ``contact``; None clears a key."""
    same_email = email is None or email == contact.email
    if not patch and same_email:
        return Merge(contact=contact, changed_keys=_NO_KEYS, changed=False)
    changed_keys = frozenset(key for key in patch if _differs(contact.properties, key, patch[key]))
    if not changed_keys and same_email:
        return Merge(contact=contact, changed_keys=_NO_KEYS, changed=False)
    properties = {**contact.properties, **patch}
    merged = Contact(
        user_id=contact.user_id,
        email=contact.email if email is None else email,
        properties={key: value for key, value in properties.items() if value is not None},
        awaits=contact.awaits,
    )
    return Merge(contact=merged, changed_keys=changed_keys, changed=True)


def _differs(properties: Mapping[str, Any], key: str, value: object) -> bool:
    old = properties.get(key, _MISSING)
    if value is None:
        return old is not _MISSING
    # 1, 1.0 and True are equal in Python and three values in JSON.
    return old is _MISSING or type(old) is not type(value) or old != value or _nested(value)


def _nested(value: object) -> bool:
    return isinstance(value, list | dict)
