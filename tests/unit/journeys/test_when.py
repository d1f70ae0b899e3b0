"""Moments as people say them, through the changes of the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hogsend.durations import days, hours
from hogsend.journeys.errors import JourneyError
from hogsend.journeys.when import WEEKDAYS, When, find_zone

BERLIN = find_zone("Europe/Berlin")
NEW_YORK = find_zone("America/New_York")


def when(text, zone=UTC):
    return When(datetime.fromisoformat(text).replace(tzinfo=UTC), zone)


def told(moment):
    return moment.instant.isoformat()


def test_weekdays_and_tomorrow():
    """The next one after today, by the user's calendar."""
    friday = when("2026-01-02T12:00")
    assert told(friday.next("monday").at("09:00")) == "2026-01-05T09:00:00+00:00"
    assert told(friday.next("Friday").at("09:00")) == "2026-01-09T09:00:00+00:00"
    assert told(friday.next("saturday")) == "2026-01-03T12:00:00+00:00"
    assert told(friday.tomorrow().at("07:30")) == "2026-01-03T07:30:00+00:00"
    assert told(friday.in_(days(3))) == "2026-01-05T12:00:00+00:00"
    assert told(friday.at("11:00")) == "2026-01-03T11:00:00+00:00"
    assert told(friday.at("13:00")) == "2026-01-02T13:00:00+00:00"


def test_the_zone_decides_which_day_it_is():
    """Late in London it is tomorrow in Tokyo already."""
    late = when("2026-01-04T20:00")
    assert told(late.tz("Asia/Tokyo").next("monday").at("09:00")) == "2026-01-12T00:00:00+00:00"
    assert told(late.next("monday").at("09:00")) == "2026-01-05T09:00:00+00:00"


def test_a_time_that_a_clock_change_skips_is_an_hour_later():
    """02:30 does not exist in Berlin on 2026-03-29, nor in New York on 2026-03-08."""
    assert told(when("2026-03-28T12:00", BERLIN).tomorrow().at("02:30")) == (
        "2026-03-29T01:30:00+00:00"  # 03:30 there
    )
    assert told(when("2026-03-07T12:00", NEW_YORK).tomorrow().at("02:30")) == (
        "2026-03-08T07:30:00+00:00"
    )


def test_of_a_time_that_happens_twice_the_first_counts():
    """02:30 in Berlin on 2026-10-25 is at 00:30 and at 01:30 UTC."""
    assert told(when("2026-10-24T12:00", BERLIN).tomorrow().at("02:30")) == (
        "2026-10-25T00:30:00+00:00"
    )


def test_days_keep_their_time_through_a_clock_change_and_durations_their_length():
    """Tomorrow at noon is 23 hours away; in 24 hours it is one o'clock."""
    noon = when("2026-03-28T11:00", BERLIN)
    assert told(noon.tomorrow()) == "2026-03-29T10:00:00+00:00"
    assert told(noon.in_(days(1))) == "2026-03-29T11:00:00+00:00"
    assert told(noon.next("monday").at("09:00")) == "2026-03-30T07:00:00+00:00"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-01-02T08:59", "2026-01-02T09:00:00+00:00"),
        ("2026-01-02T09:00", "2026-01-02T09:00:00+00:00"),
        ("2026-01-02T16:59", "2026-01-02T16:59:00+00:00"),
        ("2026-01-02T17:00", "2026-01-03T09:00:00+00:00"),
    ],
)
def test_windows(now, expected):
    """Half-open: its beginning is inside, its end is not."""
    assert told(when(now).window("09:00", "17:00")) == expected


def test_a_window_over_midnight():
    """From evening to morning."""
    assert told(when("2026-01-02T02:00").window("22:00", "06:00")) == "2026-01-02T02:00:00+00:00"
    assert told(when("2026-01-02T12:00").window("22:00", "06:00")) == "2026-01-02T22:00:00+00:00"
    moved = when("2026-01-02T12:00").in_(hours(20)).window("09:00", "17:00")
    assert told(moved) == "2026-01-03T09:00:00+00:00"


@given(
    seconds=st.integers(0, 10 * 365 * 86_400),
    zone=st.sampled_from([BERLIN, NEW_YORK, find_zone("Australia/Lord_Howe"), UTC]),
    weekday=st.sampled_from(WEEKDAYS),
    clock=st.times().map(lambda time: time.replace(microsecond=0)),
)
def test_what_is_next_lies_ahead(seconds, zone, weekday, clock):
    """Within eight days, on that weekday, and at that time unless the clocks skip it."""
    start = When(datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds), zone)
    moment = start.next(weekday).at(clock.isoformat())
    assert start.now < moment.instant <= start.now + days(8.1)
    local = moment.instant.astimezone(zone)
    assert WEEKDAYS[local.weekday()] == weekday
    skipped = local.time() != clock
    assert not skipped or local.replace(tzinfo=None).time() > clock


@pytest.mark.parametrize(
    "use",
    [
        lambda now: now.next("mondey"),
        lambda now: now.tomorrow().at("9 o'clock"),
        lambda now: now.tz("Mars/Olympus"),
        lambda now: now.tomorrow().at("09:00+01:00"),
    ],
)
def test_what_cannot_be_is_an_error(use):
    """It names the value."""
    with pytest.raises(JourneyError, match=r"mondey|o'clock|Mars|time zone"):
        use(when("2026-01-02T12:00"))
