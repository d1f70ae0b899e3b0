"""What a journey's function gets: its user, and the durable calls."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Never

from hogsend.clock import Clock
from hogsend.criteria.dump import dump
from hogsend.db.pool import Pool
from hogsend.email.mailer import Mailer
from hogsend.events.model import Outcome, Write
from hogsend.events.parse import parse_event
from hogsend.journeys.definition import JourneyMeta, Where, read_where
from hogsend.journeys.errors import JourneyError
from hogsend.journeys.model import LoggedEvent, Wait
from hogsend.journeys.replay import Replay


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """The contact whom a run is about, as of the event that started it."""

    id: str
    email: str | None
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What the durable calls of all runs share.

    Attributes:
        submit: Commits writes, as the ``Batcher`` does.
        mailer: Sends mail.
    """

    pool: Pool
    clock: Clock
    submit: Callable[[Sequence[Write]], Awaitable[Sequence[Outcome]]]
    mailer: Mailer


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitResult:
    """How a wait for an event ended; ``properties`` are the event's, empty if none came."""

    timed_out: bool
    properties: Mapping[str, Any]


class JourneyContext:
    """The durable calls of a run.

    Code between them may run again, from the start of the function, whenever the run goes on; what
    they did is not done again, and they return what they returned. So put side effects into
    ``step``, and do not let the way through the function depend on anything but their results,
    ``user``, ``event`` and ``now``.
    """

    def __init__(self, replay: Replay, meta: JourneyMeta, services: Services) -> None:
        self._replay = replay
        self._meta = meta
        self._services = services

    @property
    def run_id(self) -> str:
        """Tells this run from all others."""
        return str(self._replay.run.id)

    @property
    def event(self) -> LoggedEvent:
        """The event that started the run."""
        return self._replay.run.event

    def now(self) -> datetime:
        """When the latest durable call was over; the same at every replay."""
        return self._replay.now

    async def sleep(self, duration: timedelta, *, label: str | None = None) -> None:
        """Go on after ``duration``, however long; meanwhile the run is a row.

        Args:
            duration: E.g. ``days(3)``; of one that has begun, a change has no effect.
            label: Tells this sleep from others in the journal.

        Raises:
            JourneyError: ``duration`` is no duration.
        """
        if not isinstance(duration, timedelta):
            raise JourneyError(f"sleep takes a duration such as days(3); got {duration!r}")
        await self._replay.wait(
            _name("sleep", label), lambda: _later(self._services.clock.now(), duration)
        )

    async def sleep_until(self, at: datetime, *, label: str | None = None) -> None:
        """Go on at the instant ``at``; at once if that is past.

        Raises:
            JourneyError: ``at`` is no instant, or names no time zone.
        """
        instant = _instant(at)
        await self._replay.wait(_name("sleep_until", label), lambda: instant)

    async def wait_for_event(
        self,
        event: str,
        *,
        timeout: timedelta,  # noqa: ASYNC109 - durable, and no cancellation
        where: Where | None = None,
        lookback: timedelta | None = None,
        label: str | None = None,
    ) -> WaitResult:
        """Wait until the user does something, or until ``timeout`` has passed.

        Events count that arrive after the previous durable call; if that did something (a mail was
        sent), from its beginning. There is no gap before the wait.

        Args:
            event: The event's name; that of a bucket's transition will do, too.
            timeout: How long at most.
            where: Conditions on its properties.
            lookback: Events that occurred this long before the wait count, too.
            label: Tells this wait from others in the journal.

        Raises:
            JourneyError: An argument cannot be used.
        """
        if not isinstance(timeout, timedelta):
            raise JourneyError(f"timeout must be a duration such as days(3); got {timeout!r}")
        conditions = [dump(condition) for condition in read_where(where)] if where else []
        clock = self._services.clock

        def wait() -> Wait:
            after, after_id = self._replay.seen
            since = None if lookback is None else clock.now() - lookback
            return Wait(event=event, where=conditions, after=after, after_id=after_id, since=since)

        name = _name(f"wait_for_event:{event}", label)
        done = await self._replay.wait(name, lambda: _later(clock.now(), timeout), wait)
        found = done.result
        return WaitResult(
            timed_out=found is None, properties={} if found is None else found["properties"]
        )

    async def step(self, name: str, fn: Callable[[], Any]) -> Any:
        """Do something once, and return what it returned.

        A crash between the effect and its record makes it happen again, so let the effect be one
        that may: set rather than add, pass an idempotency key. What ``fn`` raises comes out as a
        ``StepError``; if the journey does not catch it, the run is tried again later.

        Args:
            name: Names the step in the journal.
            fn: Called without arguments; may be async. Returns what JSON has.

        Raises:
            StepError: ``fn`` raised.
        """

        async def act(_: str) -> Any:
            result = fn()
            return await result if isinstance(result, Awaitable) else result

        return await self._replay.effect(f"step:{name}", act)

    async def trigger(self, event: str, properties: Mapping[str, Any] | None = None) -> None:
        """Record an event of this user, exactly once; it does whatever events do.

        Raises:
            StepError: It is not an event that clients may send.
        """

        async def act(call: str) -> None:
            item = {
                "name": event,
                "userId": self._replay.run.user_id,
                "eventProperties": dict(properties or {}),
                "idempotencyKey": f"journey:{self.run_id}:{call}"[:256],
            }
            await self._services.submit([parse_event(item, self._services.clock.now())])

        await self._replay.effect(f"trigger:{event}", act)

    async def checkpoint(self, label: str) -> None:
        """Note in the journal that the run came here."""

        async def nothing() -> None:
            pass

        await self._replay.read(f"checkpoint:{label}", nothing)

    def exit(self, reason: str) -> Never:
        """End the run here; ``reason`` is shown to operators."""
        raise self._replay.exit(reason)


def _name(kind: str, label: str | None) -> str:
    return kind if label is None else f"{kind}:{label}"


def _later(now: datetime, duration: timedelta) -> datetime:
    try:
        return now + duration
    except OverflowError:
        raise JourneyError(f"{duration} from now is beyond the calendar") from None


def _instant(at: object) -> datetime:
    if not isinstance(at, datetime):
        raise JourneyError(f"sleep_until takes an instant; got {at!r}")
    if at.tzinfo is None:
        raise JourneyError(f"sleep_until: {at!r} names no time zone; write datetime(…, tzinfo=UTC)")
    return at.astimezone(UTC)
