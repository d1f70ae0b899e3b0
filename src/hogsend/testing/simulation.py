"""The real engine on a real PostgreSQL, at a time of the test's choosing."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from hogsend.app.discovery import discover
from hogsend.app.engine import Engine
from hogsend.app.journeys import register_journeys
from hogsend.app.virtual import TimeMachine
from hogsend.buckets.control import BucketControl
from hogsend.buckets.definition import Bucket
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.buckets.situation import read_facts
from hogsend.clock import VirtualClock
from hogsend.contacts.model import Contact
from hogsend.contacts.store import find_contact
from hogsend.criteria.explain import Explanation, explain
from hogsend.db.pool import Pool, create_pool
from hogsend.email.mailer import Mailer
from hogsend.email.templates import TemplateHome, Templates
from hogsend.events.model import Outcome, Write
from hogsend.events.parse import parse_contact, parse_event
from hogsend.journeys.definition import Journey
from hogsend.journeys.model import Run
from hogsend.testing.databases import Lease, depot
from hogsend.testing.errors import SimulationError
from hogsend.testing.history import Dwell, Email, History, JourneyRun, Transition
from hogsend.testing.instants import read_duration, read_instant
from hogsend.testing.owner import SQL

_START: Final = "2026-01-01T00:00:00Z"
_CONNECTIONS: Final = 4  # more only helps a test that gathers writes
_PAGE: Final = 1000


class Simulation:
    """An engine whose time moves only when it is told to; made by ``simulate``.

    Everything returns once it is committed, with all that follows from it at the present instant.
    What a journey's own code raises comes out of the call that made it run; the run is tried again
    later, as it would be by a worker. ``transitions``, ``dwells`` and ``emails`` can still be read
    when the simulation is over.
    """

    def __init__(
        self,
        pool: Pool,
        registry: Registry,
        clock: VirtualClock,
        log: History,
        *,
        journeys: Sequence[Journey],
        templates: Templates,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._history = log
        self._journeys = journeys
        self._templates = templates
        self._errors: list[Exception] = []
        self._wire(registry)

    def _wire(self, registry: Registry) -> None:
        self._registry = registry
        self._engine = Engine(
            pool=self._pool,
            registry=registry,
            clock=self._clock,
            journeys=register_journeys(self._journeys, registry),
            mailer=Mailer(pool=self._pool, templates=self._templates),
            pump_lanes=1,
            on_journey_error=self._note_error,
        )
        self._time = TimeMachine(self._engine, self._clock, runs_at_once=1)
        self._control = BucketControl(
            pool=self._pool, clock=self._clock, registry=registry, settle=timedelta(0)
        )
        for bucket in registry.definitions:
            bucket.bind(self._engine.members)

    async def deploy(self) -> None:
        """Start as a process does, and let its jobs run to their end."""
        await self._control.register()
        while self._registry.building:
            idle = await self._engine.jobs.run_once()
            await self._control.refresh()
            if idle and self._registry.building:
                error = await self._pool.fetchval(SQL.find_job_error)
                raise SimulationError(f"A bucket could not be brought up to date: {error}")

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    @property
    def transitions(self) -> list[Transition]:
        """The joins and leaves so far, in the order in which they were emitted."""
        return self._history.transitions()

    @property
    def dwells(self) -> list[Dwell]:
        """The dwell reactions that came due so far, in the order in which they were emitted."""
        return self._history.dwells()

    @property
    def emails(self) -> list[Email]:
        """The mails that journeys sent so far, rendered, in that order."""
        return self._history.emails()

    async def runs(self, journey: Journey | str | None = None) -> list[JourneyRun]:
        """The runs of a journey, or of all, in the order of their start."""
        journey_id = journey.id if isinstance(journey, Journey) else journey
        rows = await self._pool.fetch(SQL.list_runs, journey_id)
        return [JourneyRun(**row) for row in rows]

    async def event(
        self,
        user_id: str | None,
        name: str,
        properties: Mapping[str, Any] | None = None,
        *,
        contact: Mapping[str, Any] | None = None,
        at: str | datetime | None = None,
        email: str | None = None,
        key: str | None = None,
    ) -> Outcome:
        """Send one event.

        Args:
            user_id: Who did it; None if ``email`` tells.
            name: What they did.
            properties: The event's properties.
            contact: Merged into the contact's properties first; None clears a key.
            at: When it happened, if not now.
            email: The contact's mail address.
            key: An idempotency key; a second event of the user with it does nothing.

        Raises:
            InvalidInputError: Something is wrong with it, just as the HTTP API would answer.
            SimulationError: ``at`` is not an instant, or lies ahead.
        """
        item = {
            "userId": user_id,
            "name": name,
            "eventProperties": None if properties is None else dict(properties),
            "contactProperties": None if contact is None else dict(contact),
            "timestamp": None if at is None else self._past(at).isoformat(),
            "email": email,
            "idempotencyKey": key,
        }
        return (await self.events([item]))[0]

    async def events(self, items: Sequence[Mapping[str, Any]]) -> list[Outcome]:
        """Send events in one batch, which is one transaction.

        Args:
            items: As for ``POST /v1/events``: ``name``, ``userId`` or ``email``, and if need be
                ``eventProperties``, ``contactProperties``, ``timestamp``, ``idempotencyKey``.

        Returns:
            One outcome per event, in order.

        Raises:
            InvalidInputError: One of the items is wrong; none was stored.
        """
        now = self.now
        return await self._write([parse_event(item, now) for item in items])

    async def contact(self, user_id: str, **properties: Any) -> Outcome:
        """Merge properties into a contact; None clears a key."""
        item = {"userId": user_id, "properties": properties}
        return (await self._write([parse_contact(item)]))[0]

    async def delete_contact(self, user_id: str, *, erase: bool = False) -> bool:
        """Delete a contact: stays end for the reason ``deleted``, and nothing is emitted.

        Args:
            user_id: Whom.
            erase: Remove the past events and stays, too.

        Returns:
            Whether there was such a contact.
        """
        return await self._engine.ingest.delete_contact(user_id, erase=erase)

    async def redefine(self, bucket: Bucket) -> None:
        """Replace the bucket with the same id, or add one: what a deploy of it would do.

        Who matches already joins silently; who does not match any more leaves, announced. It is
        all done when this returns.
        """
        others = [known for known in self._registry.definitions if known.id != bucket.id]
        self._wire(Registry([*others, bucket]))
        await self.deploy()
        await self._time.advance_to(self.now, check=self._raise_errors)

    async def advance(self, duration: timedelta) -> None:
        """Let time pass; all that is due on the way happens, in order, each at its own instant."""
        await self._pass_time(self.now + read_duration(duration))

    async def advance_to(self, instant: str | datetime) -> None:
        """Let time pass until ``instant``, as ``advance`` does."""
        until = read_instant(instant, "instant")
        if until < self.now:
            raise SimulationError(
                f"It is {self.now.isoformat()} already, so time cannot move to "
                f"{until.isoformat()}. Start the simulation earlier (start=), or, for something "
                "that happened earlier, send an event with at=."
            )
        await self._pass_time(until)

    async def members(self, bucket: Bucket | str) -> set[str]:
        """The user ids of a bucket's active members."""
        bucket_id = self._find(bucket).meta.id
        found: set[str] = set()
        cursor = None
        while True:
            page = await self._engine.members.members(bucket_id, _PAGE, cursor)
            found.update(member.user_id for member in page.members)
            if (cursor := page.cursor) is None:
                return found

    async def explain(self, bucket: Bucket | str, user_id: str) -> Explanation:
        """Why a user is in a bucket or not: the verdict of each condition, with its facts."""
        chosen = self._find(bucket)
        async with self._pool.acquire() as connection:
            contact = await find_contact(connection, user_id) or Contact(user_id=user_id)
            facts = await read_facts(connection, contact, chosen.evaluator.slots)
        return explain(chosen.meta.criteria, facts, self.now)

    def _past(self, at: str | datetime) -> datetime:
        instant = read_instant(at, "at")
        if instant > self.now:
            raise SimulationError(
                f"at {instant.isoformat()} lies ahead: it is {self.now.isoformat()}. Move time on "
                "first (advance_to), then send the event."
            )
        return instant

    async def _write(self, writes: Sequence[Write]) -> list[Outcome]:
        if not writes:
            return []
        outcomes = await self._engine.ingest.write(writes)
        await self._time.settle_runs()
        self._raise_errors()
        return outcomes

    async def _pass_time(self, until: datetime) -> None:
        await self._time.advance_to(until, check=self._raise_errors)

    def _note_error(self, run: Run, error: Exception) -> None:
        error.add_note(f"in the journey {run.journey_id!r} of user {run.user_id!r} at {self.now}")
        self._errors.append(error)

    def _raise_errors(self) -> None:
        """Raise what journeys raised since the last time."""
        errors, self._errors = self._errors, []
        if errors:
            raise errors[0]

    def _find(self, bucket: Bucket | str) -> CompiledBucket:
        bucket_id = bucket.id if isinstance(bucket, Bucket) else bucket
        found = self._registry.buckets.get(bucket_id)
        if found is None:
            raise SimulationError(_unknown(bucket_id, list(self._registry.buckets)))
        return found


@asynccontextmanager
async def simulate(
    *,
    app: str | None = None,
    buckets: Sequence[Bucket] = (),
    journeys: Sequence[Journey] = (),
    templates: TemplateHome | None = None,
    start: str | datetime = _START,
    database: str | None = None,
) -> AsyncIterator[Simulation]:
    """The real engine in virtual time, on an empty PostgreSQL database of its own.

    Args:
        app: The package whose buckets, journeys and templates to run, as for ``create_client``.
        buckets: The buckets to run, likewise; with ``app``, further ones.
        journeys: The journeys to run, likewise.
        templates: The directory of the mail templates, likewise.
        start: The first instant: ISO 8601 with a zone, or an aware ``datetime``.
        database: The URL of a server to make the database on; what it names is not touched.
            None is ``TEST_DATABASE_URL``, else ``DATABASE_URL``, else a server that is started.

    Raises:
        DefinitionError: With every fault in the definitions.
        SimulationError: ``start`` is not an instant.
        DatabaseError: The server cannot be used; the message says what to do.
    """
    if app is not None:
        found = discover(app)
        buckets, journeys = [*found.buckets, *buckets], [*found.journeys, *journeys]
        templates = templates or found.templates
    registry = Registry(buckets)
    register_journeys(journeys, registry)  # their faults come before a database is made
    compiled = Templates(templates)
    clock = VirtualClock(read_instant(start, "start"))
    async with _leased(database) as lease:
        history = History(lease, depot().background)
        pool = await create_pool(lease.dsn, min_size=1, max_size=_CONNECTIONS)
        async with pool:
            simulation = Simulation(
                pool, registry, clock, history, journeys=journeys, templates=compiled
            )
            await simulation.deploy()
            yield simulation
        await history.close()


@asynccontextmanager
async def _leased(url: str | None) -> AsyncIterator[Lease]:
    """A database of the depot, given back at the end."""
    databases, background = depot().databases(url), depot().background
    lease = await background.do(databases.lease())
    try:
        yield lease
    finally:
        await background.do(databases.give_back(lease))


def _unknown(bucket_id: object, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(bucket_id), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known) or 'none'}"
    return f"There is no bucket {bucket_id!r} in this simulation; {hint}"
