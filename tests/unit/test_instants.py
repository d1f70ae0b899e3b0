"""Instants for people and for JSON."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from hogsend.durations import days, hours, seconds
from hogsend.instants import describe_distance, describe_moment, instant_to_json

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "text"),
    [
        (seconds(0.4), "just now"),
        (seconds(1), "in 1 second"),
        (seconds(-90), "90 seconds ago"),
        (hours(36), "in 36 hours"),
        (days(-1.5), "36 hours ago"),
        (days(2) - seconds(1), "in 48 hours"),
        (days(9) - seconds(1), "in 9 days"),
        (-days(400), "400 days ago"),
    ],
)
def test_a_distance_is_rough(ahead, text):
    """Rounded, in the largest unit of which there are two."""
    assert describe_distance(NOW + ahead, NOW) == text


def test_a_moment_is_both_rough_and_exact():
    """For people who read either."""
    there = timezone(timedelta(hours=-5))
    assert (
        describe_moment((NOW - days(9)).astimezone(there), NOW)
        == "9 days ago (2026-02-20 12:00:00 UTC)"
    )


def test_json_has_milliseconds_and_z():
    """Whatever the zone."""
    there = NOW.astimezone(timezone(timedelta(hours=2))) + timedelta(microseconds=1999)
    assert instant_to_json(there) == "2026-03-01T12:00:00.001Z"
