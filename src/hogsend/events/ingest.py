"""The ingest transaction: lock, merge, let subscribers react, store, commit.

Everything that enters the log comes through here: HTTP, imports, webhooks, journeys, and the
clock. What a transaction commits is complete: the events, the contacts, and all that follows
from them. What it does not commit left no trace.

Locks: a contact's row lock is the mutex of everything about that user. ``write`` takes the
locks in user order and waits for them; the pump takes those it gets without waiting, so it is
never part of a cycle. One cycle stays possible, between writers that create contacts which
another one locks in the same moment: PostgreSQL ends one of them, and it runs again whole.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime

import asyncpg
from uuid_utils import uuid7

from hogsend.clock import Clock
from hogsend.contacts.model import Contact, merge
from hogsend.contacts.store import (
    Locked,
    delete_contact,
    find_by_email,
    lock_contacts,
    lock_existing,
    save_contacts,
)
from hogsend.db.pool import Connection, Pool
from hogsend.events.model import Change, Event, Exit, NewEvent, Outcome, Write
from hogsend.events.store import append_events, erase_events, known_keys
from hogsend.events.subscriber import Subscriber, Transaction
from hogsend.telemetry.traces import span

_ATTEMPTS = 5


class Ingest:
    """Runs ingest transactions.

    Args:
        pool: Where connections come from.
        clock: Tells the instant at which a transaction happens.
        subscribers: Asked in this order; each sees what the ones before it caused.
        span: What its work is called in traces.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        subscribers: Sequence[Subscriber],
        span: str = "hogsend.settle",
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._subscribers = tuple(subscribers)
        self._span = span

    def called(self, span: str) -> Ingest:
        """The same for another caller, whose work has a name of its own in traces."""
        return Ingest(pool=self._pool, clock=self._clock, subscribers=self._subscribers, span=span)

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """Commit ``writes`` in one transaction, as if each had come alone, in order.

        Returns:
            One outcome per write, in order.
        """
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._write(writes)
            except asyncpg.DeadlockDetectedError:
                continue
        return await self._write(writes)

    async def delete_contact(
        self,
        user_id: str,
        *,
        erase: bool = False,
        record: Callable[[Connection, datetime], Awaitable[None]] | None = None,
    ) -> bool:
        """Delete a contact: memberships end, for the reason ``deleted``; nothing is announced.

        Args:
            user_id: Whom.
            erase: Remove the events and memberships of the past, too, also of a contact that was
                deleted before. Without it they stay in the log, and count again should the user
                come back.
            record: Notes the deletion, in its transaction.

        Returns:
            Whether there was such a contact, or (erase) events of one.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            now = self._clock.now()
            if erase:  # the lock is needed all the same when there is no contact left to hold it
                found = user_id not in (await lock_contacts(connection, [user_id], now)).created
            else:
                found = bool(await lock_existing(connection, [user_id]))
            if not found and not erase:
                return False
            transaction = Transaction(connection=connection, now=self._clock.now(), changes=[])
            for subscriber in self._subscribers:
                await subscriber.forget(transaction, user_id, erase=erase)
            if erase:
                found = await erase_events(connection, user_id) or found
            await delete_contact(connection, user_id)
            if found and record is not None:
                await record(connection, now)
        return found

    async def revisit(self, user_ids: Sequence[str], bucket_ids: Collection[str]) -> list[Event]:
        """Look at contacts again although nothing happened to them.

        Args:
            user_ids: Whom; unknown ones are passed over.
            bucket_ids: In which buckets.

        Returns:
            The events that followed from it.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            contacts = await lock_existing(connection, user_ids)
            changes = [
                Change(contact=contact, before=contact, revisit=frozenset(bucket_ids))
                for contact in contacts.values()
            ]
            transaction = Transaction(connection=connection, now=self._clock.now(), changes=changes)
            await self.settle(transaction)
        return [change.event for change in transaction.changes if change.event is not None]

    async def settle(self, transaction: Transaction) -> None:
        """Let the subscribers react to the changes, then store what came of it."""
        with span(self._span, {"hogsend.changes": len(transaction.changes)}):
            for subscriber in self._subscribers:
                await subscriber.process(transaction)
            events = [change.event for change in transaction.changes if change.event]
            if events:
                await append_events(transaction.connection, events, transaction.now)

    async def _write(self, writes: Sequence[Write]) -> list[Outcome]:
        async with self._pool.acquire() as connection, connection.transaction():
            user_ids = await _resolve(connection, writes)
            locked = await lock_contacts(connection, set(user_ids), self._clock.now())
            known = await _known_keys(connection, writes, user_ids)
            fold = _Fold(locked, known, self._clock.now())
            for cause, write in enumerate(writes):
                fold.add(cause, user_ids[cause], write)
            for user_id in fold.untouched:  # nothing but duplicates came for them
                await delete_contact(connection, user_id)
            if fold.changed:
                await save_contacts(connection, list(fold.changed.values()), fold.now)
            transaction = Transaction(
                connection=connection, now=fold.now, changes=list(fold.changes)
            )
            await self.settle(transaction)
        return _outcomes(user_ids, fold, transaction)


class _Fold:
    """Merges writes into locked contacts, in order, and collects the changes.

    ``untouched`` are those who were created for the writes and whom none has changed so far.
    """

    def __init__(self, locked: Locked, known: set[tuple[str, str]], now: datetime) -> None:
        self.now = now
        self.changes: list[Change] = []
        self.changed: dict[str, Contact] = {}
        self.untouched = set(locked.created)
        self._contacts = locked.contacts
        self._returned = locked.returned
        self._known = known

    def add(self, cause: int, user_id: str, write: Write) -> None:
        if write.event is not None and self._is_known(user_id, write.event):
            return
        before = self._contacts[user_id]
        merged = merge(before, write.patch, write.email)
        if merged.changed:
            self._contacts[user_id] = self.changed[user_id] = merged.contact
        self.changes.append(
            Change(
                contact=merged.contact,
                before=before,
                event=None if write.event is None else self._event(user_id, write.event),
                changed_keys=merged.changed_keys,
                created=user_id in self.untouched,
                returned=user_id in self.untouched and user_id in self._returned,
                cause=cause,
            )
        )
        self.untouched.discard(user_id)

    def _is_known(self, user_id: str, event: NewEvent) -> bool:
        if event.idempotency_key is None:
            return False
        key = (user_id, event.idempotency_key)
        if key in self._known:
            return True
        self._known.add(key)
        return False

    def _event(self, user_id: str, event: NewEvent) -> Event:
        return Event(
            id=uuid7(),
            user_id=user_id,
            name=event.name,
            properties=event.properties,
            # A clock that runs a little ahead of ours must not put events into our future.
            occurred_at=self.now if event.occurred_at is None else min(event.occurred_at, self.now),
            idempotency_key=event.idempotency_key,
        )


async def _resolve(connection: Connection, writes: Sequence[Write]) -> list[str]:
    """The user id of each write."""
    emails = {write.email.lower() for write in writes if write.user_id is None and write.email}
    known = await find_by_email(connection, emails) if emails else {}
    return [write.user_id or _user_of_email(write.email or "", known) for write in writes]


def _user_of_email(email: str, known: dict[str, str]) -> str:
    return known.get(email.lower(), email.lower())


async def _known_keys(
    connection: Connection, writes: Sequence[Write], user_ids: Sequence[str]
) -> set[tuple[str, str]]:
    keys = {
        (user_id, write.event.idempotency_key)
        for user_id, write in zip(user_ids, writes, strict=True)
        if write.event is not None and write.event.idempotency_key is not None
    }
    return await known_keys(connection, keys) if keys else set()


def _outcomes(user_ids: Sequence[str], fold: _Fold, transaction: Transaction) -> list[Outcome]:
    own = {change.cause: change for change in fold.changes if change.cause is not None}
    emitted: dict[int, list[Event]] = {}
    for change in transaction.changes:
        cause = change.cause
        if cause is not None and change.event and change.event is not own[cause].event:
            emitted.setdefault(cause, []).append(change.event)
    exits: dict[int | None, list[Exit]] = {}
    for exit_ in transaction.exits:
        exits.setdefault(exit_.cause, []).append(exit_)
    return [
        Outcome(
            user_id=user_id,
            stored=cause in own,
            event=own[cause].event if cause in own else None,
            created=cause in own and own[cause].created,
            emitted=tuple(emitted.get(cause, ())),
            exits=tuple(exits.get(cause, ())),
        )
        for cause, user_id in enumerate(user_ids)
    ]
