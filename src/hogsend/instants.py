"""Instants as people write them, and their JSON form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hogsend.durations import describe_roughly

_MOMENT = timedelta(seconds=1)


def instant_to_json(instant: datetime) -> str:
    """ISO 8601 in UTC with milliseconds: ``2026-01-02T10:00:00.000Z``."""
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def optional_instant_to_json(instant: datetime | None) -> str | None:
    """As ``instant_to_json``; None stays None."""
    return None if instant is None else instant_to_json(instant)


def describe_instant(instant: datetime) -> str:
    """Plain, to the second: ``2026-01-02 10:00:00 UTC``."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def describe_distance(instant: datetime, now: datetime) -> str:
    """How far ``instant`` is from ``now``: ``9 days ago``, ``in 3 hours``, ``just now``."""
    distance = instant - now
    if abs(distance) < _MOMENT:
        return "just now"
    if distance < timedelta(0):
        return f"{describe_roughly(-distance)} ago"
    return f"in {describe_roughly(distance)}"


def describe_moment(instant: datetime, now: datetime) -> str:
    """Both: ``9 days ago (2026-01-02 10:00:00 UTC)``."""
    return f"{describe_distance(instant, now)} ({describe_instant(instant)})"
