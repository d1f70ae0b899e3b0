"""Instants and durations as tests write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hogsend.testing.errors import SimulationError

_EXAMPLE = '"2026-01-31T09:30:00Z" or datetime(2026, 1, 31, 9, 30, tzinfo=UTC)'


def read_instant(value: str | datetime, what: str) -> datetime:
    """An instant in UTC.

    Args:
        value: ISO 8601 with a zone (a date alone is midnight UTC), or an aware ``datetime``.
        what: The argument's name, for the message.

    Raises:
        SimulationError: It is neither, or has no zone.
    """
    instant = _parse(value, what) if isinstance(value, str) else value
    if not isinstance(instant, datetime):
        raise SimulationError(f"{what} must be an instant such as {_EXAMPLE}; got {value!r}")
    if instant.tzinfo is None:
        raise SimulationError(f"{what} {value!r} names no time zone; write {_EXAMPLE}")
    return instant.astimezone(UTC)


def _parse(text: str, what: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise SimulationError(f"{what} {text!r} is not ISO 8601; write {_EXAMPLE}") from error
    is_date = len(text) <= len("YYYY-MM-DD")
    return instant.replace(tzinfo=UTC) if is_date else instant


def read_duration(value: timedelta) -> timedelta:
    """A duration that time can move on by.

    Raises:
        SimulationError: It is not a duration, or negative.
    """
    if not isinstance(value, timedelta):
        raise SimulationError(f"advance takes a duration such as days(7); got {value!r}")
    if value < timedelta(0):
        raise SimulationError(
            f"Time cannot go back by {-value}. To look at an earlier time, start another "
            "simulation; for something that happened earlier, send an event with at=."
        )
    return value
