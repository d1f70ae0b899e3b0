"""Instants as people say them: ``ctx.when.next("monday").at("09:00")``, in the user's time zone.

Wall-clock times follow daylight saving: one that a clock change skips is an hour later, and of one
that happens twice the first counts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hogsend.journeys.errors import JourneyError

WEEKDAYS: Final = (
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant, to sleep until or to go on from.

    Attributes:
        instant: In UTC.
        zone: Where its date and time of day are told.
    """

    instant: datetime
    zone: tzinfo

    def at(self, clock: str) -> Moment:
        """On the same day, at a time of day such as ``09:00``."""
        return _moment(self._day, _time(clock), self.zone)

    def window(self, start: str, end: str) -> Moment:
        """This moment, or the next one between two times of day, e.g. ``09:00`` and ``17:00``.

        A window may reach over midnight.
        """
        opens, closes = _time(start), _time(end)
        for day in (self._day - _DAY, self._day, self._day + _DAY):
            opening = _moment(day, opens, self.zone)
            closing = _moment(day if opens < closes else day + _DAY, closes, self.zone)
            if self.instant < closing.instant:
                return self if opening.instant <= self.instant else opening
        raise JourneyError(f"there is no time between {start} and {end}")

    @property
    def _day(self) -> date:
        return self.instant.astimezone(self.zone).date()


@dataclass(frozen=True, slots=True)
class When:
    """Moments counted from the present one of a run."""

    now: datetime
    zone: tzinfo

    def tz(self, name: str) -> When:
        """The same in another time zone, e.g. ``Europe/Berlin``.

        Raises:
            JourneyError: There is no such zone.
        """
        zone = find_zone(name)
        if zone is None:
            raise JourneyError(
                f"there is no time zone {name!r}; name one such as 'Europe/Berlin'. If that is "
                "unknown, too, install the package tzdata"
            )
        return replace(self, zone=zone)

    def in_(self, duration: timedelta) -> Moment:
        """After a duration."""
        return Moment((self.now + duration).astimezone(UTC), self.zone)

    def tomorrow(self) -> Moment:
        """Tomorrow at the same time of day; go on with ``.at("09:00")``."""
        return self._after(1)

    def next(self, weekday: str) -> Moment:
        """The next such weekday after today, at the same time of day.

        Raises:
            JourneyError: It is no weekday.
        """
        name = str(weekday).lower()
        if name not in WEEKDAYS:
            raise JourneyError(f"{weekday!r} is no weekday; there are {', '.join(WEEKDAYS)}")
        ahead = (WEEKDAYS.index(name) - self._local.weekday()) % len(WEEKDAYS)
        return self._after(ahead or len(WEEKDAYS))

    def at(self, clock: str) -> Moment:
        """The next time that it is ``clock`` o'clock, today or tomorrow."""
        today = self._here.at(clock)
        return today if today.instant > self.now else self.tomorrow().at(clock)

    def window(self, start: str, end: str) -> Moment:
        """Now, or the next moment between two times of day."""
        return self._here.window(start, end)

    @property
    def _here(self) -> Moment:
        return Moment(self.now, self.zone)

    @property
    def _local(self) -> datetime:
        return self.now.astimezone(self.zone)

    def _after(self, days: int) -> Moment:
        return _moment(self._local.date() + days * _DAY, self._local.time(), self.zone)


def find_zone(name: object) -> tzinfo | None:
    """The time zone of a name; None if there is none."""
    if not isinstance(name, str) or not name:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _moment(day: date, clock: time, zone: tzinfo) -> Moment:
    return Moment(datetime.combine(day, clock.replace(fold=0), zone).astimezone(UTC), zone)


def _time(clock: str) -> time:
    try:
        found = time.fromisoformat(clock)
    except (ValueError, TypeError):
        raise JourneyError(f"{clock!r} is no time of day; write e.g. '09:00'") from None
    if found.tzinfo is not None:
        raise JourneyError(f"{clock!r}: leave out the time zone; ctx.when.tz(…) sets it")
    return found
