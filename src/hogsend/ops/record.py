"""The records that operators see: one shape for the API, Studio and ``--json``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic.alias_generators import to_camel

from hogsend.durations import duration_to_json
from hogsend.instants import instant_to_json

COUNTED_UP_TO: Final = 100_000
"""Where a count would read a log without end, it stops here, and says so."""

UserId = Annotated[str, Field(examples=["ada"])]
BucketId = Annotated[str, Field(examples=["went-dormant"])]

Instant = Annotated[
    datetime,
    PlainSerializer(instant_to_json, return_type=str, when_used="json-unless-none"),
    WithJsonSchema(
        {"type": "string", "format": "date-time", "examples": ["2026-01-31T09:30:00.000Z"]}
    ),
]
"""ISO 8601 in UTC with milliseconds."""

Duration = Annotated[
    timedelta,
    PlainSerializer(duration_to_json, return_type=dict, when_used="json-unless-none"),
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                unit: {"type": "number", "exclusiveMinimum": 0}
                for unit in ("hours", "minutes", "seconds")
            },
            "additionalProperties": False,
            "minProperties": 1,
            "maxProperties": 1,
            "examples": [{"hours": 720}],
        }
    ),
]
"""``{"hours": n}``, or the same in minutes or seconds."""

Id = Annotated[
    str,
    PlainValidator(str),
    WithJsonSchema(
        {
            "type": "string",
            "format": "uuid",
            "examples": ["019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071"],
        }
    ),
]
"""A row's id, whichever UUID class the driver gave it."""


def _camel(name: str) -> str:
    """``synced_to_posthog`` as ``syncedToPostHog``: names keep their owners' capitals."""
    return re.sub(r"Posthog$", "PostHog", to_camel(name))


class Record(BaseModel):
    """A read-only record; camelCase in JSON."""

    model_config = ConfigDict(
        frozen=True, alias_generator=_camel, validate_by_name=True, extra="forbid"
    )

    def to_json(self) -> dict[str, Any]:
        """As the HTTP API answers it."""
        return self.model_dump(mode="json", by_alias=True)

    @classmethod
    def of(cls, row: Any) -> Self:
        """From a row of the database, which has the same names."""
        return cls(**row)


class Listing(Record):
    """A part of a list; ``total`` counts all of it."""

    total: int
    limit: int
    offset: int


class CappedListing(Listing):
    """A part of a list that may have no end: ``total`` stops at 100,000 (a search: at 2,000).

    Attributes:
        total_capped: There are more than ``total`` says.
    """

    total_capped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a list is asked for."""

    limit: int = 50
    offset: int = 0
