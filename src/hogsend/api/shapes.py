"""What the data plane takes and answers, for the OpenAPI document.

``events/parse.py`` reads the requests, at many times the speed of a model; tests hold the two
together.
"""

from __future__ import annotations

from typing import Any, Final

from hogsend.events.parse import EMAIL, MAX_EMAIL_LENGTH, MAX_ID_LENGTH, VISIBLE
from hogsend.ops.record import BucketId, Record, UserId

_NO_NUL: Final = r"^[^\x00]*$"
_WORD: Final = rf"^[^\x00]*{VISIBLE.pattern}[^\x00]*$"
_INT64: Final = 2**63


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _text(description: str, example: str, pattern: str = _WORD) -> dict[str, Any]:
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_ID_LENGTH,
        "pattern": pattern,
        "description": description,
        "examples": [example],
    }


def _properties(description: str, example: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": _NO_NUL},
        "additionalProperties": {"$ref": "#/components/schemas/PropertyValue"},
        "description": description,
        "examples": [example],
    }


_PERSON: Final[dict[str, Any]] = {
    "userId": _nullable(_text("Who; this or `email`.", "ada")),
    "email": {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": MAX_EMAIL_LENGTH,
        "pattern": f"^{EMAIL.pattern}$",
        "description": "Their mail address. Alone, it means the oldest contact that has it.",
        "examples": ["ada@example.org"],
    },
}
_SOMEBODY: Final = [
    {"required": [key], "properties": {key: {"type": "string"}}} for key in ("userId", "email")
]
_CONTACT_PROPERTIES: Final = "Merged into the contact's properties; null clears a key."

REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "PropertyValue": {
        "title": "PropertyValue",
        "description": "Any JSON value, 32 levels deep at most; integers have 64 bits.",
        "anyOf": [
            {"type": ["null", "boolean"]},
            {"type": "string", "pattern": _NO_NUL},
            {"type": "number", "minimum": -_INT64, "maximum": _INT64 - 1},
            {"type": "array", "items": {"$ref": "#/components/schemas/PropertyValue"}},
            {
                "type": "object",
                "propertyNames": {"pattern": _NO_NUL},
                "additionalProperties": {"$ref": "#/components/schemas/PropertyValue"},
            },
        ],
    },
    "EventIn": {
        "title": "EventIn",
        "type": "object",
        "additionalProperties": False,
        "required": ["name"],
        "anyOf": _SOMEBODY,
        "properties": {
            "name": _text(
                "What happened. Names that begin with `bucket:` are the engine's own.",
                "app.active",
                rf"^(?!bucket:){_WORD[1:]}",
            ),
            **_PERSON,
            "eventProperties": _properties("Kept with the event.", {"path": "/home"}),
            "contactProperties": _properties(_CONTACT_PROPERTIES, {"plan": "pro"}),
            "timestamp": {
                "type": ["string", "null"],
                "format": "date-time",
                "description": "When it happened, at most 5 minutes ahead of our clock; "
                "without it, now.",
                "examples": ["2026-01-31T09:30:00Z"],
            },
            "idempotencyKey": _nullable(
                _text("A second event of this user with it does nothing.", "order-4711")
            ),
        },
        "examples": [{"name": "app.active", "userId": "ada", "eventProperties": {"path": "/home"}}],
    },
    "EventBatchIn": {
        "title": "EventBatchIn",
        "type": "object",
        "required": ["events"],
        "properties": {
            "events": {
                "type": "array",
                "maxItems": 1000,
                "items": {"anyOf": [{"$ref": "#/components/schemas/EventIn"}, {}]},
                "description": "Each as for `POST /v1/events`; any other is refused alone.",
            }
        },
        "examples": [
            {
                "events": [
                    {"name": "app.active", "userId": "ada"},
                    {"name": "purchase", "userId": "bob", "eventProperties": {"amount": 30}},
                ]
            }
        ],
    },
    "ContactIn": {
        "title": "ContactIn",
        "type": "object",
        "additionalProperties": False,
        "anyOf": _SOMEBODY,
        "properties": {
            **_PERSON,
            "properties": _properties(_CONTACT_PROPERTIES, {"plan": "trial", "coupon": None}),
        },
        "examples": [{"userId": "ada", "properties": {"plan": "trial"}}],
    },
}


class Transition(Record):
    """A join or a leave."""

    bucket_id: BucketId
    transition: str


class JourneyExit(Record):
    """A journey run that the event ended, or would have."""

    journey_id: str
    state_id: str
    exited: bool


class EventAccepted(Record):
    """An event that is committed, with all that followed from it.

    Attributes:
        stored: False when its idempotency key was known; then nothing else happened.
    """

    stored: bool
    exits: list[JourneyExit]
    transitions: list[Transition]


class ItemFault(Record):
    """Why an item was refused."""

    code: str
    field: str
    message: str


class ItemAccepted(Record):
    """What became of an item; a refused one has an error."""

    stored: bool
    error: ItemFault | None = None


class BatchAccepted(Record):
    """What became of a batch, item by item."""

    results: list[ItemAccepted]
    stored: int
    duplicates: int
    rejected: int


class WebhookAccepted(Record):
    """What became of a webhook; ``ignored`` says why it stands for nothing here."""

    stored: int
    duplicates: int
    ignored: str | None


class ContactWritten(Record):
    """A contact write that is committed, with all that followed from it."""

    user_id: UserId
    created: bool
    transitions: list[Transition]
