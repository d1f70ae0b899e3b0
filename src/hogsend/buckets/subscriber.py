"""Buckets as a subscriber of the ingest transaction: the way from a change to a transition.

Per transaction: one statement reads the pairs that may move (and those that are due), one reads
their facts, the fold decides in memory, and one each writes memberships and timers. How many
buckets are registered changes none of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from hogsend.buckets.fold import Facts, Pair
from hogsend.buckets.membership import Kind, Source, Transition
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.buckets.store import (
    Asked,
    FactReader,
    MembershipRow,
    PairKey,
    StoredPair,
    forget_user,
    load_pairs,
    mark_timers,
    save_memberships,
    save_timers,
)
from hogsend.buckets.transitions import transition_events
from hogsend.contacts.model import Contact
from hogsend.db.pool import Connection
from hogsend.events.model import Change, Move
from hogsend.events.subscriber import Transaction


class BucketSubscriber:
    """Keeps memberships right in every transaction.

    Args:
        registry: The app's buckets.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._facts = FactReader(registry.slots)

    async def process(self, transaction: Transaction) -> None:
        """Put the transitions that follow from the changes (and from the clock) among them."""
        if not self._registry.live_ids:
            return
        changes = transaction.changes
        affected = [self._registry.affected(change) for change in changes]
        building = self._registry.building
        asked = _asked(changes, affected, building)
        stored = await load_pairs(transaction.connection, asked, transaction.now)
        facts = await self._load_facts(transaction.connection, stored)
        fold = _Fold(self._pairs(stored, facts, building), facts, transaction.now)
        for change, buckets in zip(changes, affected, strict=True):
            fold.apply(change, buckets)
        transaction.changes = fold.results
        transaction.moves.extend(fold.moves)
        await self._save(transaction, fold.pairs)

    async def forget(self, transaction: Transaction, user_id: str, *, erase: bool) -> None:
        """End the memberships of a contact who is being deleted; nothing is announced."""
        await forget_user(transaction.connection, user_id, transaction.now, erase=erase)

    async def _load_facts(self, connection: Connection, keys: Iterable[PairKey]) -> Facts:
        needs = {
            (user_id, slot)
            for user_id, bucket_id in keys
            for slot in self._registry.buckets[bucket_id].slots
        }
        newest = await self._facts.load(connection, sorted(needs)) if needs else {}
        return Facts(self._registry, newest)

    def _pairs(
        self, stored: Mapping[PairKey, StoredPair], facts: Facts, building: Mapping[str, int | None]
    ) -> dict[PairKey, Pair]:
        pairs = {}
        for key, pair in stored.items():
            bucket = self._registry.buckets[key[1]]
            pairs[key] = Pair(
                bucket=bucket,
                newest=facts.of(key[0], bucket),
                latest=pair.latest,
                stored=0 if pair.latest is None else pair.latest.entry_count,
                timer=pair.due_at,
                building=key[1] in building,
                mark=building.get(key[1]),
                marked=pair.mark,
            )
        return pairs

    async def _save(self, transaction: Transaction, pairs: Mapping[PairKey, Pair]) -> None:
        rows: list[MembershipRow] = []
        timers: list[tuple[PairKey, datetime | None]] = []
        for key, pair in pairs.items():
            if pair.timer_is_stale(transaction.now):
                timers.append((key, pair.due_at))
            rows.extend(_rows(key, pair, transaction.now))
        if rows:
            await save_memberships(transaction.connection, rows, transaction.now)
        if timers:
            await save_timers(transaction.connection, timers)
        marks = [(key, pair.mark) for key, pair in pairs.items() if pair.decided and pair.mark]
        if marks:
            await mark_timers(transaction.connection, marks)


class _Fold:
    """Applies changes in order and interleaves the transitions."""

    def __init__(self, pairs: dict[PairKey, Pair], facts: Facts, now: datetime) -> None:
        self.pairs = pairs
        self.results: list[Change] = []
        self.moves: list[Move] = []
        self._facts = facts
        self._now = now
        self._building = any(pair.building for pair in pairs.values())
        self._due: dict[str, list[Pair]] = {}
        for (user_id, _), pair in pairs.items():
            if pair.timer is not None and pair.timer <= now:
                self._due.setdefault(user_id, []).append(pair)

    def apply(self, change: Change, buckets: Sequence[CompiledBucket]) -> None:
        """Add what the clock did before ``change``, the change, and what it did."""
        user_id = change.contact.user_id
        due = self._due.pop(user_id, ())
        self._catch_up(change.before, due)
        if self._building and not change.created:
            self._cover(change, buckets)
        if change.event is not None:
            self.results.append(change)
            self._facts.add(change.event)
        source = Source.RECONCILE if change.revisit else Source.EVENT
        for bucket in buckets:
            pair = self.pairs.get((user_id, bucket.meta.id))
            if pair is None or (change.revisit and pair.decided):
                continue
            for transition in pair.look(change.contact.properties, self._now, source):
                self._emit(change.contact, pair, transition, change.cause)

    def _cover(self, change: Change, buckets: Sequence[CompiledBucket]) -> None:
        """See to pairs that a job may have yet to come to, as they are before ``change``."""
        for bucket in buckets:
            pair = self.pairs.get((change.contact.user_id, bucket.meta.id))
            if pair is not None and pair.building and not pair.decided:
                for transition in pair.cover(change.before.properties, self._now):
                    self._emit(change.before, pair, transition, None)

    def _catch_up(self, contact: Contact, due: Sequence[Pair]) -> None:
        flips = [
            (transition, pair)
            for pair in due
            for transition in pair.catch_up(contact.properties, self._now)
        ]
        if len(flips) > 1:
            flips.sort(key=lambda flip: flip[0].at)
        for transition, pair in flips:
            self._emit(contact, pair, transition, None)

    def _emit(
        self, contact: Contact, pair: Pair, transition: Transition, cause: int | None
    ) -> None:
        meta = pair.bucket.meta
        self.results.extend(
            Change(contact=contact, before=contact, event=event, cause=cause)
            for event in transition_events(meta, contact.user_id, transition)
        )
        if meta.sync_to_posthog and transition.kind is not Kind.DWELL:
            self.moves.append(Move(user_id=contact.user_id, bucket_id=meta.id))


def _asked(
    changes: Sequence[Change],
    affected: Sequence[Sequence[CompiledBucket]],
    building: Mapping[str, int | None],
) -> dict[PairKey, Asked]:
    asked: dict[PairKey, Asked] = {}
    for change, buckets in zip(changes, affected, strict=True):
        for bucket in buckets:
            move = asked.setdefault((change.contact.user_id, bucket.meta.id), Asked())
            if bucket.meta.id in building:
                move.allow(out_until=None)
            else:
                bucket.ask(change, move)
    return asked


def _rows(key: PairKey, pair: Pair, now: datetime) -> Iterator[MembershipRow]:
    """The memberships to write, and the current one when its next instant moved."""
    written = dict(pair.written)
    if pair.latest is not None and pair.latest.active and pair.timer_is_stale(now):
        written[pair.latest.entry_count] = pair.latest
    for entry_count in sorted(written):
        membership = written[entry_count]
        yield MembershipRow(
            user_id=key[0],
            bucket_id=key[1],
            membership=membership,
            stored=entry_count <= pair.stored,
            expires_at=pair.due_at if membership.active else None,
        )
