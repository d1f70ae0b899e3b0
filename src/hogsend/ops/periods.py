"""Time cut into equal periods of UTC, for series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

MAX_POINTS: Final = 1_000
_MONDAY: Final = datetime(2001, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_USUAL_POINTS: Final = 30


class Period(StrEnum):
    """How long a point of a series lasts; weeks begin on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"

    @property
    def length(self) -> timedelta:
        """Its duration."""
        match self:
            case Period.HOUR:
                return timedelta(hours=1)
            case Period.DAY:
                return timedelta(days=1)
            case Period.WEEK:
                return timedelta(weeks=1)

    def floor(self, instant: datetime) -> datetime:
        """When the period began in which ``instant`` is."""
        return _MONDAY + (instant - _MONDAY) // self.length * self.length


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Whole periods, from ``start`` to before ``end``."""

    period: Period
    start: datetime
    end: datetime

    @classmethod
    def around(
        cls, period: Period, start: datetime | None, end: datetime | None, now: datetime
    ) -> Self:
        """The periods that have something of start to end: the last ``MAX_POINTS`` of them.

        Without a start they are 30. None is later than now, nor before 1970.
        """
        last = period.floor(min(max(end or now, _EPOCH), now))
        points = _USUAL_POINTS if start is None else MAX_POINTS
        earliest = max(period.floor(_EPOCH), last - (points - 1) * period.length)
        first = earliest if start is None or start < earliest else period.floor(start)
        return cls(period=period, start=first, end=last + period.length)

    @property
    def dates(self) -> list[datetime]:
        """When each period begins; none if the start is later than the end."""
        count = (self.end - self.start) // self.period.length
        return [self.start + number * self.period.length for number in range(count)]
