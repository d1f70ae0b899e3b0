"""Which strings are dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from hogsend.criteria.dates import FIRST, LAST, parse_date


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        ("2026-01-31T09:30Z", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        ("2026-01-31 09:30:15Z", datetime(2026, 1, 31, 9, 30, 15, tzinfo=UTC)),
        ("2026-01-31T09:30:15.5Z", datetime(2026, 1, 31, 9, 30, 15, 500_000, tzinfo=UTC)),
        ("2026-01-31T09:30:15.123456789Z", datetime(2026, 1, 31, 9, 30, 15, 123_456, tzinfo=UTC)),
        ("2026-01-31T09:30:00+05:30", datetime(2026, 1, 31, 4, tzinfo=UTC)),
        ("2026-01-31T09:30:00-0100", datetime(2026, 1, 31, 10, 30, tzinfo=UTC)),
        ("2026-01-31T09:30:00+15", datetime(2026, 1, 30, 18, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00+00:01", FIRST),
        ("9999-12-31T23:59:59-00:01", LAST),
    ],
)
def test_a_date_is_an_instant_in_utc(text, instant):
    """With a zone, or alone at midnight UTC; cut to the microsecond; held to years 1 to 9999."""
    found = parse_date(text)
    assert found == instant
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "found",
    [
        "2026-01-31T09:30:00",
        "2026-01-31T09:30:00 Z",
        "2026-01-31T09Z",
        "2026-01-31T09:30:00,5Z",
        "2026-01-31T09:30:00.Z",
        "2026-01-31T09:30:00.1234567890Z",
        "2026-01-31T24:00:00Z",
        "2026-01-31T09:60:00Z",
        "2026-01-31T09:59:60Z",
        "2026-01-31T09:30:00+16:00",
        "2026-01-31T09:30:00+05:60",
        "2026-01-31t09:30:00z",
        "2026-1-31",
        "26-01-31",
        "+2026-01-31",
        "12026-01-31",
        "0000-01-01",
        "2026-00-10",
        "2026-13-01",
        "2026-01-00",
        "2026-01-31\n",
        "2026-W05-6",
        "20260131",
        "٢٠٢٦-01-31",
        "infinity",
        "today",
        "",
        1769860800,
        1.5,
        True,
        None,
        ["2026-01-31"],
        {},
    ],
)
def test_everything_else_is_no_date(found):
    """No guessing: no local times, no names, no numbers, no leap seconds."""
    assert parse_date(found) is None


def test_exactly_the_days_that_exist_are_dates():
    """The pattern knows the calendar: every month and every leap year rule."""
    for year in (1, 4, 100, 400, 1900, 1999, 2000, 2023, 2024, 2100, 9996, 9999):
        for month in range(1, 13):
            for day in range(1, 32):
                text = f"{year:04}-{month:02}-{day:02}"
                assert (parse_date(text) is not None) is _exists(year, month, day), text


def _exists(year, month, day):
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def test_every_leap_year_has_its_day():
    """29 February in all ten thousand years."""
    for year in range(10_000):
        leap = year > 0 and ((year % 4 == 0 and year % 100 != 0) or year % 400 == 0)
        assert (parse_date(f"{year:04}-02-29") is not None) is leap


def test_every_day_round_trips():
    """Python's own ISO form, of any zone, is read as the same instant."""
    instant = datetime(2024, 2, 28, 22, 1, 2, 345678, tzinfo=UTC)
    for _ in range(800):
        assert parse_date(instant.isoformat()) == instant
        instant += timedelta(hours=11, microseconds=7)
