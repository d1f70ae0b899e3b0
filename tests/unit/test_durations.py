"""Durations in JSON and in English."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hogsend.durations import (
    days,
    describe_duration,
    duration_from_json,
    duration_to_json,
    hours,
    minutes,
    seconds,
)


@pytest.mark.parametrize(
    ("duration", "json", "english"),
    [
        (days(30), {"hours": 720}, "30 days"),
        (hours(1), {"hours": 1}, "1 hour"),
        (minutes(90), {"minutes": 90}, "90 minutes"),
        (seconds(5), {"seconds": 5}, "5 seconds"),
        (seconds(1.5), {"seconds": 1.5}, "1.5 seconds"),
    ],
)
def test_each_duration_has_one_json_form(duration, json, english):
    """The largest unit that divides it, read back the same."""
    assert duration_to_json(duration) == json
    assert duration_from_json(json) == duration
    assert describe_duration(duration) == english


@pytest.mark.parametrize(
    "value",
    [
        None,
        {},
        5,
        "1h",
        {"days": 1},
        {"hours": True},
        {"hours": "1"},
        {"hours": 1e300},
        {"hours": float("nan")},
    ],
)
def test_what_is_no_duration_is_refused(value):
    """Wrong shapes and sizes are errors, never a silent zero."""
    with pytest.raises(ValueError, match=r"duration|must be a number"):
        duration_from_json(value)


def test_units_add_up():
    """Several units are summed."""
    assert duration_from_json({"hours": 1, "minutes": 30}) == timedelta(minutes=90)
