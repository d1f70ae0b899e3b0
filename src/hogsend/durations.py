"""Durations as people write them, and their JSON form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)
_UNITS = frozenset({"hours", "minutes", "seconds"})


def days(count: float) -> timedelta:
    """A duration of ``count`` days of exactly 24 hours."""
    return timedelta(days=count)


def hours(count: float) -> timedelta:
    """A duration of ``count`` hours."""
    return timedelta(hours=count)


def minutes(count: float) -> timedelta:
    """A duration of ``count`` minutes."""
    return timedelta(minutes=count)


def seconds(count: float) -> timedelta:
    """A duration of ``count`` seconds."""
    return timedelta(seconds=count)


def duration_to_json(duration: timedelta) -> dict[str, int | float]:
    """The canonical JSON form: the largest of hours, minutes, seconds that divides it.

    >>> duration_to_json(days(30))
    {'hours': 720}
    """
    if not duration % _HOUR:
        return {"hours": duration // _HOUR}
    if not duration % _MINUTE:
        return {"minutes": duration // _MINUTE}
    if not duration.microseconds:
        return {"seconds": duration // timedelta(seconds=1)}
    return {"seconds": duration.total_seconds()}


def duration_from_json(value: object) -> timedelta:
    """Read ``{"hours"|"minutes"|"seconds": number}``; several units add up.

    Raises:
        ValueError: ``value`` is not such an object, or longer than a ``timedelta`` can be.
    """
    if not isinstance(value, Mapping) or not value or not value.keys() <= _UNITS:
        raise ValueError(f'a duration is an object such as {{"hours": 720}}; got {value!r}')
    for unit, count in value.items():
        if isinstance(count, bool) or not isinstance(count, int | float):
            raise ValueError(f"{unit} must be a number; got {count!r}")  # noqa: TRY004 - documented
    try:
        return timedelta(**value)
    except (OverflowError, ValueError) as error:
        raise ValueError(f"the duration {dict(value)!r} is out of range") from error


_TEXT_UNITS = (
    ("day", timedelta(days=1)),
    ("hour", _HOUR),
    ("minute", _MINUTE),
    ("second", timedelta(seconds=1)),
)


def describe_duration(duration: timedelta) -> str:
    """Plain English: ``30 days``, ``90 minutes``, ``1.5 seconds``."""
    for name, unit in _TEXT_UNITS:
        if duration >= unit and not duration % unit:
            count = duration // unit
            return f"{count} {name}" if count == 1 else f"{count} {name}s"
    return f"{duration.total_seconds():g} seconds"


def describe_roughly(duration: timedelta) -> str:
    """Plain English in whole units, at least two of them where that is possible: ``9 days``."""
    for name, unit in _TEXT_UNITS:
        if duration // unit > 1:
            return f"{round(duration / unit)} {name}s"
    return "1 second"
