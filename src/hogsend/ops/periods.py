"""Time cut into equal periods of UTC, for series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, Self

from hogsend.errors import InvalidInputError

MAX_POINTS: Final = 1_000
_MONDAY: Final = datetime(2001, 1, 1, tzinfo=UTC)
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
        """The periods that have something of start to end; by default 30 of them, up to now.

        Raises:
            InvalidInputError: They end before they begin, or are too many.
        """
        end = now if end is None else end
        if start is None:
            start = max(end, _MONDAY) - (_USUAL_POINTS - 1) * period.length
        if start > end:
            raise InvalidInputError("from", "is later than `to`")
        if (end - start) // period.length >= MAX_POINTS:
            raise InvalidInputError(
                "from", f"is more than {MAX_POINTS:,} points before `to`; take longer periods"
            )
        if end > now + MAX_POINTS * period.length:
            raise InvalidInputError("to", "is too far in the future")
        first, last = period.floor(start), period.floor(end)
        return cls(period=period, start=first, end=last + period.length)

    @property
    def dates(self) -> list[datetime]:
        """When each period begins."""
        count = (self.end - self.start) // self.period.length
        return [self.start + number * self.period.length for number in range(count)]
