"""Membership through time, by the plainest means: everybody is asked, at every instant.

It shares no code with the engine but the declarations of buckets; whether criteria hold is asked
of ``tests.property.oracle``. It knows nothing of timers, slots, verdicts, skipping or batches.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.property.oracle import Event, date, holds, instant_at, microseconds

from hogsend.buckets.definition import BucketMeta
from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
)
from hogsend.events.model import Write

_TICK = timedelta(minutes=5)  # the default BUCKET_RECONCILE_CRON
_MICROSECOND = timedelta(microseconds=1)
_CONSTANT = {("gte", 0), ("lt", 0)}
_LAST = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(kw_only=True)
class Stay:
    """One membership; ``announced`` counts the dwells of each schedule, which begin at the anchor."""

    number: int
    source: str
    entered_at: datetime
    anchor: datetime | None = None
    left_at: datetime | None = None
    reason: str | None = None
    announced: dict[str, int] = field(default_factory=dict)


@dataclass(kw_only=True)
class Person:
    """All that ever happened to one user; stays by bucket id."""

    exists: bool = False
    properties: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    stays: dict[str, list[Stay]] = field(default_factory=dict)


@dataclass(kw_only=True)
class Logged:
    """A transition event; one that may be ``missing`` was made up for by a later one.

    Properties without a source: either the job or the pump came first.
    """

    name: str
    properties: dict[str, Any]
    at: datetime
    missing: bool = False


class Model:
    """What the engine must do.

    Args:
        buckets: Those that are live.
        now: The first instant.
    """

    def __init__(self, buckets: list[BucketMeta], now: datetime) -> None:
        self.now = now
        self.buckets = {bucket.id: bucket for bucket in buckets}
        self.paused: set[str] = set()
        self.people: dict[str, Person] = {}
        self.log: dict[tuple[str, str], list[Logged]] = {}
        self._noted: list[str] = []

    @property
    def live(self) -> list[BucketMeta]:
        """The buckets that are evaluated."""
        return [bucket for id_, bucket in self.buckets.items() if id_ not in self.paused]

    def write(self, write: Write, *, building: bool = False) -> tuple[bool, list[str]]:
        """Whether it was stored, and the names of the transition events that it caused.

        Args:
            write: What a client asks for.
            building: A job catches up with a definition; whoever comes first sees to a pair.
        """
        person = self.people.setdefault(write.user_id, Person())
        event = write.event
        if event and event.idempotency_key:
            if event.idempotency_key in person.keys:
                return False, []
            person.keys.add(event.idempotency_key)
        changed = {
            key for key, value in write.patch.items() if differs(person.properties.get(key), value)
        }
        touched = [
            bucket
            for bucket in self.live
            if not person.exists
            or (event and event.name in event_names(bucket.criteria))
            or changed & property_names(bucket.criteria)
        ]
        if person.exists:
            for bucket in touched:
                self._look(write.user_id, bucket, None if building else "reconcile")
        person.exists = True
        merged = {**person.properties, **write.patch}
        person.properties = {key: value for key, value in merged.items() if value is not None}
        if event:
            at = min(event.occurred_at or self.now, self.now)
            person.events.append(Event(name=event.name, at=at, properties=event.properties))
        self._noted = []
        for bucket in touched:
            self._look(write.user_id, bucket, "event")
        return True, list(self._noted)

    def delete(self, user_id: str, *, erase: bool) -> bool:
        """Whether there was such a contact, or something of one to erase."""
        person = self.people.get(user_id, Person())
        if erase:
            self.people.pop(user_id, None)
            logged = [self.log.pop(pair) for pair in list(self.log) if pair[0] == user_id]
            return person.exists or bool(person.events) or any(logged)
        if not person.exists:
            return False
        person.exists, person.properties = False, {}
        for stays in person.stays.values():
            if stays[-1].left_at is None:
                stays[-1].left_at, stays[-1].reason = self.now, "deleted"
        return True

    def advance(self, until: datetime) -> None:
        """Let time pass, instant by instant."""
        self._look_at_slow(self.now)
        while (instant := self.next_instant()) is not None and instant <= until:
            self.now = instant
            for user_id in self.people:
                for bucket in self.live:
                    if bucket.fast_expiry:
                        self._look(user_id, bucket, "reconcile")
            self._look_at_slow(instant)
        self.now = until

    def catch_up(self, bucket: BucketMeta, anchors: dict[tuple[str, int], datetime | None]) -> None:
        """Follow a bucket's new definition: joins are silent, leaves are announced.

        Args:
            bucket: Its declaration from now on.
            anchors: By user and number of stay, since when those who join silently have belonged.
        """
        self.buckets[bucket.id] = bucket
        for user_id, person in self.people.items():
            stays = person.stays.get(bucket.id, [])
            if stays and stays[-1].left_at is None:
                if not self._holds(person, bucket, self.now):
                    self._look(user_id, bucket, None)
            elif person.exists and self._may_enter(person, bucket, stays):
                number = len(stays) + 1
                stay = Stay(number=number, source="backfill", entered_at=self.now)
                stay.anchor = self._checked(person, bucket, anchors.get((user_id, number)))
                person.stays[bucket.id] = [*stays, stay]
            if bucket.fast_expiry:
                self._look(user_id, bucket, None)

    def _checked(
        self, person: Person, bucket: BucketMeta, anchor: datetime | None
    ) -> datetime | None:
        if anchor is not None:
            assert anchor <= self.now
            assert self._holds(person, bucket, anchor)
            assert not self._holds(person, bucket, anchor - _MICROSECOND)
        return anchor

    def oversleep(self, until: datetime) -> None:
        """Let time pass while nobody looks; afterwards the missed dwells are made up for."""
        start = {pair: len(log) for pair, log in self.log.items()}
        everything = self.buckets
        self.buckets = {id_: b for id_, b in everything.items() if b.fast_expiry}
        self.advance(until)
        self.buckets = everything
        for pair, log in self.log.items():
            latest = set()
            for entry in reversed(log[start.get(pair, 0) :]):
                which = (entry.name, entry.properties["entryCount"])
                entry.missing = entry.properties["transition"] == "dwell" and which in latest
                latest.add(which)

    def reconcile(self) -> None:
        """Look at the buckets without fast expiry now."""
        for user_id in self.people:
            for bucket in self.live:
                if not bucket.fast_expiry:
                    self._look(user_id, bucket, "reconcile")

    def next_instant(self) -> datetime | None:
        """The earliest instant ahead at which anything could change."""
        ahead = [
            instant
            for user_id, person in self.people.items()
            if person.exists
            for bucket in self.live
            for instant in self._instants_of(user_id, bucket)
        ]
        return min((instant for instant in ahead if instant > self.now), default=None)

    def next_change(self, user_id: str, bucket_id: str) -> datetime | None:
        """When an active stay ends or is announced to have lasted, if nothing happens."""
        person, bucket = self.people[user_id], self.buckets[bucket_id]
        stay = person.stays[bucket_id][-1]
        for at in sorted(self._exact_instants(person, bucket)):
            if at > self.now and (
                self._must_leave(person, bucket, stay, at) or any(dwells_due(bucket, stay, at))
            ):
                return at
        return None

    def _look_at_slow(self, instant: datetime) -> None:
        if instant == tick_from(instant):
            self.reconcile()

    def _instants_of(self, user_id: str, bucket: BucketMeta) -> Iterator[datetime]:
        exact = self._exact_instants(self.people[user_id], bucket)
        if bucket.fast_expiry:
            return exact
        return (tick_from(instant) for instant in (*exact, self.now) if instant < _LAST)

    def _exact_instants(self, person: Person, bucket: BucketMeta) -> Iterator[datetime]:
        yield from instants_of(bucket.criteria, person)
        stay = next(iter(person.stays.get(bucket.id, [])[-1:]), None)
        if stay is None:
            return
        if stay.left_at is not None:
            if bucket.entry_period is not None:
                yield stay.left_at + bucket.entry_period
            return
        for limit in (bucket.min_dwell, bucket.max_dwell):
            if limit is not None:
                yield stay.entered_at + limit
        anchor = stay.anchor or stay.entered_at
        for schedule in bucket.dwells:
            done = stay.announced.get(schedule.label, 0)
            if schedule.every is not None:
                yield anchor + (done + 1) * schedule.every
            elif done == 0:
                yield anchor + schedule.after

    def _look(self, user_id: str, bucket: BucketMeta, source: str | None) -> None:
        person = self.people[user_id]
        if not person.exists:
            return None
        stays = person.stays.get(bucket.id, [])
        pair = (user_id, bucket.id)
        if stays and stays[-1].left_at is None:
            reason = self._must_leave(person, bucket, stays[-1], self.now)
            if reason is None:
                return self._announce(pair, bucket, stays[-1], source)
            stays[-1].left_at, stays[-1].reason = self.now, reason
            self._note(pair, bucket, "left", stays[-1], source, reason=reason)
        if self._may_enter(person, bucket, stays):
            person.stays[bucket.id] = stays
            number, source_of_stay = len(stays) + 1, source or "reconcile"
            stays.append(Stay(number=number, source=source_of_stay, entered_at=self.now))
            if self._is_announced(bucket, stays):
                self._note(pair, bucket, "entered", stays[-1], source)
        return None

    def _must_leave(
        self, person: Person, bucket: BucketMeta, stay: Stay, at: datetime
    ) -> str | None:
        if bucket.max_dwell is not None and at >= stay.entered_at + bucket.max_dwell:
            return "max_dwell"
        if self._holds(person, bucket, at):
            return None
        if bucket.min_dwell is not None and at < stay.entered_at + bucket.min_dwell:
            return None
        return "criteria"

    def _may_enter(self, person: Person, bucket: BucketMeta, stays: list[Stay]) -> bool:
        if not self._holds(person, bucket, self.now):
            return False
        if not stays or stays[-1].reason != "max_dwell":
            return True
        if bucket.entry_limit == "once":
            return False
        return self._is_period_over(bucket, stays[-1])

    def _holds(self, person: Person, bucket: BucketMeta, at: datetime) -> bool:
        return holds(bucket.criteria, person.properties, person.events, at)

    def _is_announced(self, bucket: BucketMeta, stays: list[Stay]) -> bool:
        if len(stays) == 1 or bucket.entry_limit == "unlimited":
            return True
        return bucket.entry_limit == "once_per_period" and self._is_period_over(bucket, stays[-2])

    def _is_period_over(self, bucket: BucketMeta, stay: Stay) -> bool:
        if bucket.entry_limit != "once_per_period" or bucket.entry_period is None:
            return True
        return self.now >= stay.left_at + bucket.entry_period

    def _announce(
        self, pair: tuple[str, str], bucket: BucketMeta, stay: Stay, source: str | None
    ) -> None:
        for label, count in dwells_due(bucket, stay, self.now):
            stay.announced[label] = count
            self._note(pair, bucket, "dwell", stay, source, label=label, dwellCount=count)

    def _note(
        self,
        pair: tuple[str, str],
        bucket: BucketMeta,
        kind: str,
        stay: Stay,
        source: str | None,
        **more: Any,
    ) -> None:
        properties = {
            "bucketId": bucket.id,
            "bucketName": bucket.name,
            "userId": pair[0],
            "transition": kind,
            "source": source,
            "entryCount": stay.number,
            **more,
        }
        if source is None:
            del properties["source"]
        names = [f"bucket:{kind}:{bucket.id}", f"bucket:{kind}"]
        if kind == "dwell":
            names = [f"bucket:dwell:{bucket.id}:{more['label']}"]
        self.log.setdefault(pair, []).extend(
            Logged(name=name, properties=properties, at=self.now) for name in names
        )
        self._noted.extend(names)


def dwells_due(bucket: BucketMeta, stay: Stay, at: datetime) -> Iterator[tuple[str, int]]:
    """The schedules to announce at an instant, each with how many of its intervals are over."""
    for schedule in bucket.dwells:
        lasted = at - (stay.anchor or stay.entered_at)
        count = lasted // schedule.every if schedule.every else int(lasted >= schedule.after)
        if count > stay.announced.get(schedule.label, 0):
            yield schedule.label, count


def tick_from(instant: datetime) -> datetime:
    """The instant itself if it is a scheduled one, else the next that is."""
    midnight = instant.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - (midnight - instant) // _TICK * _TICK


def instants_of(tree: Criteria, person: Person) -> Iterator[datetime]:
    """Every instant at which the clock alone could change whether the criteria hold."""
    times = [microseconds(event.at) for event in person.events]
    times += [found for value in person.properties.values() if (found := date(value)) is not None]
    for step in {0, *(duration // _MICROSECOND for duration in durations_of(tree))}:
        for time in times:
            yield from filter(None, (instant_at(time - step), instant_at(time + step)))


def differs(old: object, new: object) -> bool:
    """Whether a merge counts as a change: in JSON 1, 1.0 and true are three values."""
    return type(old) is not type(new) or old != new or isinstance(new, list | dict)


def leaves_of(tree: Criteria) -> Iterator[EventCondition | PropertyCondition]:
    match tree:
        case NotCondition():
            yield from leaves_of(tree.condition)
        case CompositeCondition():
            for child in tree.conditions:
                yield from leaves_of(child)
        case _:
            yield tree


def durations_of(tree: Criteria) -> Iterator[timedelta]:
    for leaf in leaves_of(tree):
        duration = leaf.within if isinstance(leaf, EventCondition) else leaf.value
        if isinstance(duration, timedelta):
            yield duration


def event_names(tree: Criteria) -> set[str]:
    """The events that can matter; none makes a difference to "at least 0" and "less than 0"."""
    return {
        leaf.event_name
        for leaf in leaves_of(tree)
        if isinstance(leaf, EventCondition) and (leaf.operator, leaf.value) not in _CONSTANT
    }


def property_names(tree: Criteria) -> set[str]:
    return {leaf.property for leaf in leaves_of(tree) if isinstance(leaf, PropertyCondition)}
