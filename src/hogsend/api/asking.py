"""What routes ask of a request: pages, instants, texts, and who the caller is."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final

from fastapi import Depends, Path, Query, Request
from pydantic import BeforeValidator, Field, WithJsonSchema

from hogsend.errors import InvalidInputError
from hogsend.events.parse import MAX_ID_LENGTH, parse_instant
from hogsend.ops.callers import Caller
from hogsend.ops.record import Page

MAX_LIMIT: Final = 100
_MAX_OFFSET: Final = 10_000
_STORABLE: Final = r"^[^\x00]*$"


def _whole(value: Any) -> Any:
    """Digits only; pydantic alone would also take ``1.0`` and blanks."""
    if isinstance(value, str) and not value.removeprefix("-").isdecimal():
        raise InvalidInputError("limit, offset", f"must be whole numbers; got {value[:40]!r}")
    return value


def _near(value: Any) -> Any:
    """Leaving out rows costs as much as reading them."""
    if int(value) > _MAX_OFFSET:
        raise InvalidInputError(
            "offset",
            f"leads {_MAX_OFFSET:,} back at most; ask for less with the route's filters, or go on "
            "behind the last item with `after` or `to` where it has them",
        )
    return value


_Limit = Annotated[int, Field(ge=1, le=MAX_LIMIT), BeforeValidator(_whole)]
_Offset = Annotated[
    int, Field(ge=0, le=_MAX_OFFSET), BeforeValidator(_near), BeforeValidator(_whole)
]


def _page(
    limit: Annotated[_Limit, Query(description="Items, at most.")] = 50,
    offset: Annotated[_Offset, Query(description="Items to leave out before them.")] = 0,
) -> Page:
    return Page(limit=limit, offset=offset)


def _actor(request: Request) -> str:
    caller: Caller = request.state.caller
    return caller.actor


def _id_path(example: str, description: str) -> Any:
    """The id of something that the code declares."""
    return Path(
        alias="id",
        min_length=1,
        max_length=100,
        pattern=_STORABLE,
        examples=[example],
        description=description,
    )


PageQuery = Annotated[Page, Depends(_page)]
Actor = Annotated[str, Depends(_actor)]

UserIdPath = Annotated[
    str,
    Path(
        alias="userId",
        min_length=1,
        max_length=MAX_ID_LENGTH,
        pattern=_STORABLE,
        examples=["ada"],
        description="The user's id.",
    ),
]
UserIdQuery = Annotated[
    str | None,
    Query(
        alias="userId",
        min_length=1,
        max_length=MAX_ID_LENGTH,
        pattern=_STORABLE,
        examples=["ada"],
        description="Only this user's.",
    ),
]
AfterQuery = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=MAX_ID_LENGTH,
        pattern=_STORABLE,
        examples=["ada"],
        description="Only users behind this id, in order of user id: the way to read all of many.",
    ),
]
BucketIdPath = Annotated[str, _id_path("went-dormant", "The bucket's id.")]
JourneyIdPath = Annotated[str, _id_path("welcome", "The journey's id.")]


def text_query(description: str, example: str) -> Any:
    """A text to look for."""
    return Query(
        min_length=1,
        max_length=MAX_ID_LENGTH,
        pattern=_STORABLE,
        description=description,
        examples=[example],
    )


def instant_query(name: str, description: str) -> Any:
    """An instant in ISO 8601; a date alone is midnight UTC."""
    return Query(alias=name, description=description, examples=["2026-01-31T09:30:00Z"])


InstantQuery = Annotated[
    datetime,
    BeforeValidator(lambda value: value and parse_instant("from, to", value)),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
