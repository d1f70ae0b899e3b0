"""Journeys as a subscriber of the ingest transaction: who starts, who goes on, who is done.

It comes behind the buckets, so that a transition enrols, ends and wakes in the transaction that
makes it. Per transaction: one statement reads the unfinished runs of the users whom an event
concerns, at most one each reads when limited journeys were last started and who is unsubscribed,
the fold decides in memory and in order, and one each writes starts, ends, wakes and skips. Nothing
is read if no event has a name that a journey knows or one of the user's runs waits for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from uuid_utils import uuid7

from hogsend.contacts.model import Contact
from hogsend.contacts.store import save_awaits
from hogsend.criteria.evaluate import where_holds
from hogsend.db.pool import Connection
from hogsend.declarations import EntryLimit
from hogsend.email.preferences import unsubscribed
from hogsend.events.model import Change, Event, Exit
from hogsend.events.subscriber import Transaction
from hogsend.journeys.definition import JourneyMeta
from hogsend.journeys.model import LoggedEvent, SkipReason, Snapshot
from hogsend.journeys.registry import Registry
from hogsend.journeys.store import (
    NewRun,
    Running,
    end_runs,
    forget_user,
    insert_runs,
    load_latest,
    load_running,
    note_skips,
    wake_runs,
)


class JourneySubscriber:
    """Enrols, wakes and ends runs in every transaction.

    Args:
        registry: The app's journeys.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    async def process(self, transaction: Transaction) -> None:
        """Let the events of the transaction, those that buckets added included, take effect."""
        names = self._registry.names
        concerning = [
            change
            for change in transaction.changes
            if change.event is not None
            and (change.event.name in names or change.event.name in change.contact.awaits)
        ]
        if not concerning:
            return
        connection, now = transaction.connection, transaction.now
        running = await load_running(
            connection, sorted({change.contact.user_id for change in concerning})
        )
        latest = await self._load_latest(connection, concerning)
        unsubscribed = await self._load_unsubscribed(connection, concerning)
        fold = _Fold(self._registry, running, latest, unsubscribed, now)
        for change in concerning:
            fold.apply(change)
        await _save(connection, fold, now)
        await _note_awaits(connection, concerning, running)
        transaction.exits.extend(await _end(connection, fold, now))

    async def forget(self, transaction: Transaction, user_id: str, *, erase: bool) -> None:
        """End the runs of a contact who is being deleted."""
        await forget_user(transaction.connection, user_id, transaction.now, erase=erase)

    async def _load_latest(
        self, connection: Connection, changes: Sequence[Change]
    ) -> dict[tuple[str, str], datetime]:
        limited = {
            (change.contact.user_id, meta.id)
            for change in changes
            for meta in self._registry.triggers.get(_event(change).name, ())
            if meta.entry_limit is not EntryLimit.UNLIMITED
        }
        return await load_latest(connection, limited) if limited else {}

    async def _load_unsubscribed(
        self, connection: Connection, changes: Sequence[Change]
    ) -> set[str]:
        """Who takes no mail, of those whom a journey might enrol that asks."""
        asked = {
            change.contact.user_id
            for change in changes
            for meta in self._registry.triggers.get(_event(change).name, ())
            if meta.source_bucket_id is None
        }
        return await unsubscribed(connection, asked) if asked else set()


class _Fold:
    """Applies events in order, and collects what follows."""

    def __init__(
        self,
        registry: Registry,
        running: Sequence[Running],
        latest: dict[tuple[str, str], datetime],
        unsubscribed: set[str],
        now: datetime,
    ) -> None:
        self.started: list[NewRun] = []
        self.skips: Counter[tuple[str, str, SkipReason]] = Counter()
        self.ended: list[tuple[Running, Exit]] = []
        self.woken: list[Running] = []
        self._registry = registry
        self._latest = latest
        self._unsubscribed = unsubscribed
        self._now = now
        self._running: dict[str, dict[str, Running]] = {}
        for run in running:
            self._running.setdefault(run.key[0], {})[run.key[1]] = run

    def apply(self, change: Change) -> None:
        """First whom the event ends, then whom it wakes, then whom it starts."""
        event = _event(change)
        runs = self._running.setdefault(event.user_id, {})
        self._end(event, change.cause, runs)
        if event.name in change.contact.awaits:
            self._wake(event, runs)
        for meta in self._registry.triggers.get(event.name, ()):
            if reason := self._guard(meta, event, runs):
                self.skips[event.user_id, meta.id, reason] += 1
            else:
                runs[meta.id] = self._start(meta, event, change.contact)

    def _end(self, event: Event, cause: int | None, runs: dict[str, Running]) -> None:
        for journey_id, exits in self._registry.exits.get(event.name, {}).items():
            run = runs.get(journey_id)
            if run and any(where_holds(exit_on.where, event.properties) for exit_on in exits):
                run.ended = event.name
                exit_ = Exit(journey_id=journey_id, state_id=str(run.key[2]), cause=cause)
                self.ended.append((run, exit_))
                del runs[journey_id]

    def _wake(self, event: Event, runs: Mapping[str, Running]) -> None:
        for run in runs.values():
            if (
                run.waits_for == event.name
                and (run.wake_at is None or run.wake_at > self._now)
                and where_holds(run.waits_where, event.properties)
            ):
                run.waits_for, run.woken = None, _logged(event)
                self.woken.append(run)

    def _guard(
        self, meta: JourneyMeta, event: Event, runs: Mapping[str, Running]
    ) -> SkipReason | None:
        """The first guard that keeps the event from starting the journey."""
        if barred := self._registry.barred(meta):
            return barred
        if not where_holds(meta.where, event.properties):
            return SkipReason.WHERE
        if limited := self._limited(meta, event.user_id):
            return limited
        if meta.source_bucket_id is None and event.user_id in self._unsubscribed:
            return SkipReason.UNSUBSCRIBED
        return SkipReason.ALREADY_ACTIVE if meta.id in runs else None

    def _limited(self, meta: JourneyMeta, user_id: str) -> SkipReason | None:
        latest = self._latest.get((user_id, meta.id))
        if latest is None:
            return None
        match meta.entry_limit:
            case EntryLimit.ONCE:
                return SkipReason.ENTRY_LIMIT
            case EntryLimit.ONCE_PER_PERIOD if meta.entry_period is not None:
                over = self._now >= latest + meta.entry_period
                return None if over else SkipReason.ENTRY_PERIOD
            case _:
                return None

    def _start(self, meta: JourneyMeta, event: Event, contact: Contact) -> Running:
        running = Running(key=(event.user_id, meta.id, str(uuid7())))
        snapshot = Snapshot(email=contact.email, properties=dict(contact.properties))
        self.started.append(NewRun(running=running, event=_logged(event), contact=snapshot))
        if meta.entry_limit is not EntryLimit.UNLIMITED:
            self._latest[event.user_id, meta.id] = self._now
        return running


async def _save(connection: Connection, fold: _Fold, now: datetime) -> None:
    woken = [(run.key, run.woken) for run in fold.woken if run.woken and not run.ended]
    if woken:
        await wake_runs(connection, woken, now)
    if fold.skips:
        await note_skips(connection, fold.skips, now)


async def _end(connection: Connection, fold: _Fold, now: datetime) -> list[Exit]:
    """End what ended, then start what started: a run may make room for the next one.

    Returns:
        The exits that did happen; a run may have come to its end by itself meanwhile.
    """
    new = {run.running.key[2] for run in fold.started}
    stored = [(run.key, run.ended or "") for run, _ in fold.ended if run.key[2] not in new]
    ended = await end_runs(connection, stored, now) if stored else set()
    if fold.started:
        await insert_runs(connection, fold.started, now)
    return [exit_ for _, exit_ in fold.ended if exit_.state_id in ended or exit_.state_id in new]


async def _note_awaits(
    connection: Connection, changes: Sequence[Change], running: Sequence[Running]
) -> None:
    """Forget that events are awaited which nobody awaits any more."""
    awaited: dict[str, set[str]] = {}
    for run in running:
        if run.waits_for is not None and run.ended is None:
            awaited.setdefault(run.key[0], set()).add(run.waits_for)
    stale = {
        change.contact.user_id: awaited.get(change.contact.user_id, set())
        for change in changes
        if not awaited.get(change.contact.user_id, set()).issuperset(change.contact.awaits)
    }
    if stale:
        await save_awaits(connection, stale)


def _event(change: Change) -> Event:
    if change.event is None:
        raise TypeError("only changes with an event concern journeys")
    return change.event


def _logged(event: Event) -> LoggedEvent:
    return LoggedEvent(
        id=UUID(int=event.id.int),
        name=event.name,
        properties=dict(event.properties),
        occurred_at=event.occurred_at,
    )
