"""The only source of the present time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the present time; the engine asks nobody else."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is told to move.

    Args:
        start: The first instant, timezone-aware.
    """

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """The instant it was last set to."""
        return self._now

    def set(self, instant: datetime) -> None:
        """Move to ``instant``; time does not run backwards here.

        Raises:
            ValueError: ``instant`` is before the present one.
        """
        if instant < self._now:
            raise ValueError(f"{instant} is before the present instant {self._now}")
        self._now = instant.astimezone(UTC)
