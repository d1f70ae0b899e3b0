"""What clients may send: one item of JSON in, one ``Write`` out, or the reason why not.

HTTP, the CLI, imports and the test harness all come through here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from hogsend.errors import InvalidInputError
from hogsend.events.model import NewEvent, Write

MAX_ID_LENGTH: Final = 256
"""Characters in a user id, an event name or an idempotency key."""
MAX_EMAIL_LENGTH: Final = 320
MAX_PROPERTIES_BYTES: Final = 256 * 1024
"""Bytes of one property bag as JSON."""
MAX_DEPTH: Final = 32
"""Objects and lists within each other in a property bag."""
MAX_AHEAD: Final = timedelta(minutes=5)
"""How far a client's clock may be ahead of ours."""
RESERVED_PREFIX: Final = "bucket:"

VISIBLE: Final = re.compile(r"[^\x00-\x20\x7f-\xa0\s]")
"""A character that one sees; ids, names and keys have at least one."""
EMAIL: Final = re.compile(r"[^\x00-\x20\x7f-\xa0\s]*@[^\x00-\x20\x7f-\xa0\s]*")

_INT64: Final = 2**63
_EVENT_FIELDS: Final = frozenset(
    {
        "name",
        "userId",
        "email",
        "eventProperties",
        "contactProperties",
        "timestamp",
        "idempotencyKey",
    }
)
_CONTACT_FIELDS: Final = frozenset({"userId", "email", "properties"})
_encode = msgspec.json.Encoder().encode


def parse_event(item: object, now: datetime) -> Write:
    """Read an event as clients send it (``POST /v1/events``).

    Args:
        item: The decoded JSON object.
        now: The instant of receipt; a later ``timestamp`` is refused beyond ``MAX_AHEAD``.

    Raises:
        InvalidInputError: Naming the first field that is wrong.
    """
    fields = _object(item, _EVENT_FIELDS)
    user_id, email = _person(fields)
    event = NewEvent(
        name=_event_name(fields.get("name")),
        properties=_properties(fields, "eventProperties"),
        occurred_at=_timestamp(fields.get("timestamp"), now),
        idempotency_key=_optional_text(fields, "idempotencyKey"),
    )
    return Write(
        user_id=user_id, email=email, patch=_properties(fields, "contactProperties"), event=event
    )


def parse_contact(item: object) -> Write:
    """Read a contact write as clients send it (``PUT /v1/contacts``).

    Raises:
        InvalidInputError: Naming the first field that is wrong.
    """
    fields = _object(item, _CONTACT_FIELDS)
    user_id, email = _person(fields)
    return Write(user_id=user_id, email=email, patch=_properties(fields, "properties"))


def _object(item: object, known: frozenset[str]) -> Mapping[str, Any]:
    if not isinstance(item, dict):
        raise InvalidInputError("body", f"must be a JSON object; got {_kind(item)}")
    if not item.keys() <= known:
        unknown = min(str(key) for key in item.keys() - known)
        raise InvalidInputError(
            _shown(unknown).strip("'"), f"unknown field; the fields are {', '.join(sorted(known))}"
        )
    return item


def _person(fields: Mapping[str, Any]) -> tuple[str | None, str | None]:
    user_id = _optional_text(fields, "userId")
    email = _optional_text(fields, "email", MAX_EMAIL_LENGTH)
    if user_id is None and email is None:
        raise InvalidInputError("userId", "is missing; send userId or email")
    if email is not None and EMAIL.fullmatch(email) is None:
        raise InvalidInputError("email", f"{_shown(email)} is not a mail address")
    return user_id, email


def _event_name(value: object) -> str:
    if value is None:
        raise InvalidInputError("name", "is missing; send the event's name")
    name = _text("name", value, MAX_ID_LENGTH)
    if name.startswith(RESERVED_PREFIX):
        raise InvalidInputError(
            "name",
            f"{_shown(name)}: names that begin with {RESERVED_PREFIX!r} are kept for the "
            "transitions that the engine itself records; choose another name",
        )
    return name


def _optional_text(
    fields: Mapping[str, Any], field: str, longest: int = MAX_ID_LENGTH
) -> str | None:
    value = fields.get(field)
    return None if value is None else _text(field, value, longest)


def _text(field: str, value: object, longest: int) -> str:
    if not isinstance(value, str):
        raise InvalidInputError(field, f"must be a string; got {_kind(value)}")
    if VISIBLE.search(value) is None:
        raise InvalidInputError(field, "is empty")
    if len(value) > longest:
        raise InvalidInputError(
            field, f"has {len(value):,} characters; at most {longest} are allowed"
        )
    _check_text(field, value)
    return value


def _check_text(field: str, value: str) -> None:
    if "\0" in value:
        raise InvalidInputError(field, "contains a NUL character (U+0000), which cannot be stored")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            code = ord(value[error.start])
            raise InvalidInputError(
                field, f"contains a lone surrogate (U+{code:04X}), which is not valid Unicode"
            ) from error


def _timestamp(value: object, now: datetime) -> datetime | None:
    if value is None:
        return None
    instant = parse_instant("timestamp", value)
    if instant > now + MAX_AHEAD:
        raise InvalidInputError(
            "timestamp",
            f"{_shown(str(value))} is more than 5 minutes in the future (it is {now.isoformat()})",
        )
    return instant


def parse_instant(field: str, value: object) -> datetime:
    """Read an instant as clients write it; a date alone is midnight UTC.

    Raises:
        InvalidInputError: Naming ``field``.
    """
    if not isinstance(value, str):
        raise InvalidInputError(field, f"must be an ISO 8601 string; got {_kind(value)}")
    try:
        instant = datetime.fromisoformat(value)
        if instant.tzinfo is None and len(value) <= len("YYYY-MM-DD"):
            instant = instant.replace(tzinfo=UTC)
        if instant.tzinfo is not None:
            instant = instant.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            field, f"{_shown(value)} is not an ISO 8601 time such as 2026-01-31T09:30:00Z"
        ) from error
    if instant.tzinfo is None:
        raise InvalidInputError(field, f"{_shown(value)} names no time zone; append Z for UTC")
    return instant


def _properties(fields: Mapping[str, Any], field: str) -> Mapping[str, Any]:
    value = fields.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidInputError(field, f"must be a JSON object; got {_kind(value)}")
    check_json(field, value)
    size = len(_encode(value))
    if size > MAX_PROPERTIES_BYTES:
        raise InvalidInputError(
            field, f"has {size:,} bytes of JSON; at most {MAX_PROPERTIES_BYTES:,} are allowed"
        )
    return value


def check_json(field: str, value: object, depth: int = 0) -> None:
    """Check that ``value`` can be stored as JSON and read back the same.

    Raises:
        InvalidInputError: Naming the place inside ``value``.
    """
    match value:
        case None | bool():
            pass
        case str():
            _check_text(field, value)
        case int():
            if not -_INT64 <= value < _INT64:
                raise InvalidInputError(
                    field, "is an integer of more than 64 bits; send it as a string"
                )
        case float():
            if not math.isfinite(value):
                raise InvalidInputError(
                    field, f"is {value}, which JSON does not have; send null or leave it out"
                )
        case dict() | list():
            _check_nested(field, value, depth + 1)
        case _:
            raise InvalidInputError(field, f"is a {_kind(value)}, which JSON does not have")


def _check_nested(field: str, value: dict[Any, Any] | list[Any], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise InvalidInputError(field, f"is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, list):
        for position, element in enumerate(value):
            check_json(f"{field}[{position}]", element, depth)
        return
    for key, element in value.items():
        if not isinstance(key, str):
            raise InvalidInputError(field, f"has the key {key!r}; keys must be strings")
        _check_text(f"{field}: the key {_shown(key)}", key)
        check_json(f"{field}.{key}", element, depth)


_KINDS: Final[Mapping[type, str]] = {
    type(None): "null",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    str: "a string",
    list: "a list",
    dict: "an object",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value), type(value).__name__)


def _shown(text: str) -> str:
    """``text`` short and printable, for a message."""
    short = text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004 - a line of terminal
    return ascii(short) if not short.isprintable() else repr(short)
