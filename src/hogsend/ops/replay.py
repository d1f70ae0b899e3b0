"""Replays a file of past events in virtual time, through the real engine.

The clock stops at every instant at which something happened, and at every instant in between at
which a membership is due to change. What is due at an instant comes before the events of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

from hogsend.app.engine import Engine
from hogsend.app.virtual import TimeMachine
from hogsend.clock import VirtualClock
from hogsend.errors import ConfigurationError, InvalidInputError
from hogsend.events.importing.files import EventFile
from hogsend.events.importing.lines import LineError
from hogsend.events.model import Write
from hogsend.events.parse import parse_event

_STEP: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What happened at one instant, in the order of the file."""

    at: datetime
    writes: Sequence[Write]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A file of events in order of time.

    Attributes:
        refused: Lines that are no events, as (line number, reason).
    """

    moments: Sequence[Moment]
    refused: Sequence[tuple[int, str]]

    @property
    def size(self) -> int:
        """The number of events."""
        return sum(len(moment.writes) for moment in self.moments)

    @property
    def starts_at(self) -> datetime:
        """The first instant."""
        return self.moments[0].at

    @property
    def ends_at(self) -> datetime:
        """The last instant."""
        return self.moments[-1].at

    @property
    def names(self) -> frozenset[str]:
        """The names of its events."""
        return frozenset(
            write.event.name for moment in self.moments for write in moment.writes if write.event
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a replay is."""

    at: datetime
    replayed: int


def read_script(file: EventFile, now: datetime) -> Script:
    """Read a whole file, and sort its events by time.

    Raises:
        ConfigurationError: There is no event in it.
    """
    writes: list[tuple[datetime, Write]] = []
    refused: list[tuple[int, str]] = []
    for line in file.lines():
        try:
            writes.append(_dated(parse_event(file.item(line), now)))
        except (InvalidInputError, LineError) as error:
            refused.append((line.number, str(error)))
    if not writes:
        first = f" Line {refused[0][0]}: {refused[0][1]}." if refused else ""
        raise ConfigurationError(f"There is no event in {file.path} to replay.{first}")
    writes.sort(key=lambda entry: entry[0])
    moments = [
        Moment(at=at, writes=[write for _, write in group])
        for at, group in groupby(writes, key=lambda entry: entry[0])
    ]
    return Script(moments=moments, refused=refused)


def _dated(write: Write) -> tuple[datetime, Write]:
    if write.event is None or write.event.occurred_at is None:
        raise InvalidInputError("timestamp", "is missing; a replay needs to know when it happened")
    return write.event.occurred_at, write


async def replay(
    script: Script,
    *,
    engine: Engine,
    clock: VirtualClock,
    until: datetime,
    on_progress: Callable[[Position], Awaitable[None]],
) -> None:
    """Let everything in ``script`` happen, and time pass until ``until``.

    Args:
        script: The past.
        engine: A running engine on ``clock``, its pump not running.
        clock: A clock that stands at the script's start or before.
        until: The end, not before the script's.
        on_progress: Awaited after every instant, and every day in between.
    """
    time = TimeMachine(engine, clock)
    replayed = 0
    for moment in script.moments:
        await _pass_time(time, clock, moment.at, replayed, on_progress)
        await engine.batcher.submit(moment.writes)
        replayed += len(moment.writes)
        await on_progress(Position(at=moment.at, replayed=replayed))
    await _pass_time(time, clock, until, replayed, on_progress)


async def _pass_time(
    time: TimeMachine,
    clock: VirtualClock,
    until: datetime,
    replayed: int,
    on_progress: Callable[[Position], Awaitable[None]],
) -> None:
    while clock.now() < until:
        await time.advance_to(min(clock.now() + _STEP, until))
        await on_progress(Position(at=clock.now(), replayed=replayed))
