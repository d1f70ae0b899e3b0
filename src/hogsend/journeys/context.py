"""What a journey's function gets: its user, and the durable calls."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Never

import msgspec
from msgspec import Struct

from hogsend.clock import Clock
from hogsend.contacts.store import find_contact, lock_existing
from hogsend.criteria.dump import dump
from hogsend.db.pool import Pool
from hogsend.email.mailer import Mailer
from hogsend.events.model import Outcome, Write
from hogsend.events.parse import parse_event
from hogsend.journeys.definition import JourneyMeta, Where, read_where
from hogsend.journeys.errors import JourneyError
from hogsend.journeys.model import LoggedEvent, Wait
from hogsend.journeys.past import Guard, History
from hogsend.journeys.replay import Replay
from hogsend.journeys.store import SQL
from hogsend.journeys.when import Moment, When, find_zone


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


class Digest(Struct, frozen=True, kw_only=True):
    """What a digest gathered; ``count`` may be more than there are ``events``."""

    count: int
    events: list[DigestedEvent]


class DigestedEvent(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event of a digest."""

    properties: dict[str, Any]
    occurred_at: datetime


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
        self.guard = Guard(replay, services.pool)
        self.history = History(replay, services.pool)

    @property
    def run_id(self) -> str:
        """Tells this run from all others."""
        return str(self._replay.run.id)

    @property
    def event(self) -> LoggedEvent:
        """The event that started the run."""
        return self._replay.run.event

    @property
    def when(self) -> When:
        """Moments such as ``ctx.when.tomorrow().at("09:00")``, in the user's time zone.

        That is the contact's property ``timezone`` (``Europe/Berlin``), else UTC.
        """
        zone = find_zone(self._replay.run.contact.properties.get("timezone"))
        return When(self._replay.now, zone or UTC)

    @property
    def entry_count(self) -> int | None:
        """In a reaction: how often the user has joined the bucket."""
        return self.event.properties.get("entryCount")

    @property
    def is_first_entry(self) -> bool:
        """In a reaction: whether this is the user's first stay in the bucket."""
        return self.entry_count == 1

    @property
    def reason(self) -> str | None:
        """In a reaction to a leave: why the stay ended."""
        return self.event.properties.get("reason")

    @property
    def dwell_count(self) -> int | None:
        """In a reaction to a dwell: how many of its intervals are over."""
        return self.event.properties.get("dwellCount")

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

    async def sleep_until(self, at: datetime | Moment, *, label: str | None = None) -> None:
        """Go on at ``at``, an instant or what ``ctx.when`` tells; at once if that is past.

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

    async def contact(self) -> User:
        """The user as they are now; ``user`` is as they were when the run started."""
        run = self._replay.run

        async def look() -> object:
            async with self._services.pool.acquire() as connection:
                found = await find_contact(connection, run.user_id)
            return found and {"email": found.email, "properties": found.properties}

        found = await self._replay.read("contact", look) or {"email": None, "properties": {}}
        return User(id=run.user_id, email=found["email"], properties=found["properties"])

    async def digest(
        self,
        window: timedelta,
        *,
        event: str | None = None,
        limit: int = 100,
        label: str | None = None,
    ) -> Digest:
        """Gather events for ``window``, then go on with all of them at once.

        They are those that arrived since the previous durable call; at the start of the run, the
        event that started it is the first.

        Args:
            window: How long to gather.
            event: Their name; by default that of the run's trigger.
            limit: How many to hand over, the earliest ones; the others are counted.
            label: Tells this digest from others in the journal.
        """
        run, (after, after_id) = self._replay.run, self._replay.seen
        name = event or run.event.name
        first = [run.event] if (name, after_id) == (run.event.name, run.event.id) else []
        await self._replay.wait(
            _name("digest", label), lambda: _later(self._services.clock.now(), window)
        )
        looked_at: list[datetime] = []

        async def look() -> object:
            pool = self._services.pool
            async with pool.acquire() as connection, connection.transaction():
                await lock_existing(connection, [run.user_id])
                looked_at.append(self._services.clock.now())
                rows = await connection.fetch(
                    SQL.digest_events, run.user_id, name, after, after_id, limit
                )
            total = rows[0]["total"] if rows else 0
            later = [
                {"properties": row["properties"], "occurredAt": row["occurred_at"]} for row in rows
            ]
            events = [
                {"properties": each.properties, "occurredAt": each.occurred_at} for each in first
            ]
            return {"count": total + len(first), "events": (events + later)[:limit]}

        found = await self._replay.read(
            _name("digest", label) + "/events", look, lambda: looked_at[0]
        )
        return msgspec.convert(found, Digest)

    async def throttle(self, limit: int, window: timedelta, *, key: str | None = None) -> bool:
        """Whether this may happen to the user once more: at most ``limit`` times in ``window``.

        Args:
            limit: How often.
            window: In which time.
            key: What is counted; by default whatever asks in this journey. A key of your own is
                shared by all journeys.
        """
        run = self._replay.run
        counted = f"journey:{self._meta.id}" if key is None else key

        async def act(call: str) -> bool:
            now = self._services.clock.now()
            pool = self._services.pool
            async with pool.acquire() as connection, connection.transaction():
                await lock_existing(connection, [run.user_id])
                passed: bool = await connection.fetchval(
                    SQL.take_pass,
                    run.user_id,
                    counted,
                    f"{run.id}:{call}",
                    now,
                    limit,
                    now - window,
                )
            return passed

        passed: bool = await self._replay.effect(_name("throttle", key), act)
        return passed

    async def variant(self, key: str, arms: Sequence[str] | Mapping[str, float]) -> str:
        """One of several arms: always the same for the same user and key.

        Args:
            key: Names the experiment.
            arms: Their names, or each with its weight: ``{"long": 1, "short": 3}``.

        Raises:
            JourneyError: There are none, or the weights are not positive.
        """
        weights = dict(arms) if isinstance(arms, Mapping) else dict.fromkeys(arms, 1.0)
        if not weights or min(weights.values()) < 0 or sum(weights.values()) <= 0:
            raise JourneyError(f"variant {key!r} needs arms with positive weights; got {arms!r}")

        async def choose() -> str:
            return choose_arm(self._replay.run.user_id, key, weights)

        chosen: str = await self._replay.read(f"variant:{key}", choose)
        return chosen

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


def choose_arm(user_id: str, key: str, weights: Mapping[str, float]) -> str:
    """The arm that a hash of user and key points at."""
    digest = hashlib.sha256(f"{key}\0{user_id}".encode()).digest()
    point = int.from_bytes(digest[:8]) / 2**64 * sum(weights.values())
    for arm, weight in weights.items():
        point -= weight
        if point < 0:
            return arm
    return list(weights)[-1]


def _instant(at: object) -> datetime:
    if isinstance(at, Moment):
        return at.instant
    if not isinstance(at, datetime):
        raise JourneyError(f"sleep_until takes an instant; got {at!r}")
    if at.tzinfo is None:
        raise JourneyError(f"sleep_until: {at!r} names no time zone; write datetime(…, tzinfo=UTC)")
    return at.astimezone(UTC)
