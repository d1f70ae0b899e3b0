"""What may stand in a tree: names, and the values that operators compare with."""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from hogsend.criteria.dates import parse_date
from hogsend.criteria.limits import (
    MAX_COUNT,
    MAX_NAME,
    MAX_NUMBER,
    MAX_TEXT,
    MAX_VALUES,
    MAX_WINDOW,
)
from hogsend.criteria.operators import Takes
from hogsend.durations import duration_from_json

if TYPE_CHECKING:
    from hogsend.criteria.ast import PropertyValue, Scalar


class UnfitError(ValueError):
    """A name or a value cannot stand where it is; the message goes on after its path."""


def show(value: object) -> str:
    """A value in a message: short, whatever it is."""
    try:
        return reprlib.repr(value)
    except ValueError:
        return f"an unprintable {type(value).__name__}"


def read_name(value: object) -> str:
    """An event's name or a property's key.

    Raises:
        UnfitError: It is not a text, or empty, too long, or impossible to store.
    """
    if not isinstance(value, str) or not value:
        raise UnfitError(f"must be a text that is not empty; got {show(value)}")
    if len(value) > MAX_NAME:
        raise UnfitError(f"must have at most {MAX_NAME} characters; this has {len(value)}")
    return _storable(value)


def read_duration(value: object) -> timedelta:
    """A duration, given as a ``timedelta`` or as ``{"hours": 720}``; zero and less pass.

    Raises:
        UnfitError: It is no duration, or longer than a window may be.
    """
    if not isinstance(value, timedelta):
        if not isinstance(value, Mapping):
            raise UnfitError(
                f'must be a duration such as days(30), in JSON {{"hours": 720}}; got {show(value)}'
            )
        value = _duration(value)
    if abs(value) > MAX_WINDOW:
        raise UnfitError(f"must be at most {MAX_WINDOW.days} days; got {value}")
    return value


def read_count(value: object) -> int:
    """The count of an event condition.

    Raises:
        UnfitError: It is not a whole number within the limits.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise UnfitError(f"must be a whole number from 0 to {MAX_COUNT}; got {show(value)}")
    return value


def _duration(value: Mapping[Any, Any]) -> timedelta:
    try:
        return duration_from_json(value)
    except ValueError as error:
        raise UnfitError(f"is no duration: {error}") from error


def _nothing(value: object) -> None:
    if value is not None:
        raise UnfitError(f"takes no value; leave out {show(value)}")


def _scalar(value: object) -> Scalar:
    match value:
        case bool():
            return value
        case str():
            return _text(value)
        case int() | float():
            return _number(value)
        case None:
            raise UnfitError("cannot be null; ask with exists or not_exists instead")
        case _:
            raise UnfitError(f"must be a text, a number or a boolean; got {show(value)}")


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnfitError(f"must be a number (texts are not converted); got {show(value)}")
    if not (math.isfinite(value) if isinstance(value, float) else abs(value) <= MAX_NUMBER):
        raise UnfitError(f"must be a number between -{MAX_NUMBER} and {MAX_NUMBER}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise UnfitError(f"must be a text; got {show(value)}")
    if len(value) > MAX_TEXT:
        raise UnfitError(f"must have at most {MAX_TEXT} characters; this has {len(value)}")
    return _storable(value)


def _storable(text: str) -> str:
    if "\0" in text:
        raise UnfitError("must not contain the character U+0000, which cannot be stored")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UnfitError("must not contain half of a surrogate pair") from error
    return text


def _values(value: object) -> tuple[Scalar, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise UnfitError(f"must be a list of at least one value; got {show(value)}")
    if len(value) > MAX_VALUES:
        raise UnfitError(f"must be a list of at most {MAX_VALUES} values; this has {len(value)}")
    return tuple(map(_scalar, value))


def _date(value: object) -> str:
    if not isinstance(value, str) or parse_date(value) is None:
        raise UnfitError(
            "must be an ISO 8601 date with a zone such as 2026-01-31T09:00:00Z, or a date alone "
            f"such as 2026-01-31 (midnight UTC); got {show(value)}"
        )
    return value


_READERS: Final[Mapping[Takes, Callable[[object], PropertyValue]]] = MappingProxyType(
    {
        Takes.NOTHING: _nothing,
        Takes.SCALAR: _scalar,
        Takes.NUMBER: _number,
        Takes.TEXT: _text,
        Takes.VALUES: _values,
        Takes.DATE: _date,
        Takes.DURATION: read_duration,
    }
)


def read_value(takes: Takes, value: object) -> PropertyValue:
    """The tree's form of an operator's value, given in that form or in JSON's.

    Raises:
        UnfitError: The value is not of the kind that the operator takes.
    """
    return _READERS[takes](value)
