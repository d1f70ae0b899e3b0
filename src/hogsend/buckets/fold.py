"""The fold: changes go through the buckets in order, in memory.

After each change the pairs that it may move are evaluated and decided, so several changes of one
user in one transaction give exactly the transitions that each would have given alone. Clock flips
that are due come first, each at its own instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from hogsend.buckets.membership import Membership, Source, Transition, decide
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.criteria.evaluate import where_holds
from hogsend.events.model import Event


class Pair(Struct, kw_only=True):
    """A pair under evaluation.

    Attributes:
        stored: How many stays the database has.
        timer: The instant stored in the database; None if there is none.
        building: A job catches up with the bucket's definition, and may not have come here yet.
        mark: What the stored timer must be ``marked`` with to be believed meanwhile, if anything.
        due_at: When the latest decision wants another look.
        decided: Whether there was a decision at all.
        written: The memberships to write, by entry count.
    """

    bucket: CompiledBucket
    newest: tuple[list[datetime], ...]
    latest: Membership | None
    stored: int
    timer: datetime | None
    building: bool = False
    mark: int | None = None
    marked: int | None = None
    due_at: datetime | None = None
    decided: bool = False
    written: dict[int, Membership] = field(default_factory=dict)

    def look(
        self,
        properties: Mapping[str, Any],
        now: datetime,
        source: Source,
        until: datetime | None = None,
    ) -> tuple[Transition, ...]:
        """Evaluate and decide at ``now``, or at the latest transition if a clock stepped back."""
        before = self.latest
        at = now if before is None else max(now, before.changed_at)
        verdict = self.bucket.evaluator(properties, self.newest, at)
        decision = decide(self.bucket.meta, before, verdict, at, source=source, until=until)
        self.latest, self.due_at, self.decided = decision.latest, decision.due_at, True
        for transition in decision.transitions:
            self.written[transition.membership.entry_count] = transition.membership
        return decision.transitions

    def catch_up(self, properties: Mapping[str, Any], now: datetime) -> Iterator[Transition]:
        """Decide at each due instant up to ``now``, in order.

        A bucket without fast expiry has no instants of its own; it is looked at when it is. Nor
        has a timer that an earlier definition armed.
        """
        if self.mark is not None and self.mark != self.marked:
            yield from self.cover(properties, now)
            return
        due_at = self.timer if self.bucket.meta.fast_expiry else now
        while due_at is not None and due_at <= now:
            yield from self.look(properties, due_at, Source.RECONCILE, until=now)
            due_at = self.due_at

    def cover(self, properties: Mapping[str, Any], now: datetime) -> tuple[Transition, ...]:
        """Do what the job would do here, before something happens: what holds now is history."""
        return self.look(properties, now, Source.BACKFILL)

    def timer_is_stale(self, now: datetime) -> bool:
        """Whether the stored timer must become ``due_at``.

        A timer that is still ahead is only ever moved earlier: firing too early costs one look,
        moving it with every event would cost a write each. But where a stay is written anyway,
        its ``expires_at`` and the timer become the same instant, and stay so.
        """
        if not self.decided or self.timer == self.due_at:
            return False
        if self.timer is None or self.timer <= now or self._writes_stay:
            return True
        return self.due_at is not None and self.due_at < self.timer

    @property
    def _writes_stay(self) -> bool:
        return bool(self.written) and self.latest is not None and self.latest.active


class Facts:
    """The newest instants per user and slot, kept up to date as events are folded in.

    Args:
        newest: What the log has, by user id and slot number, newest first.
    """

    def __init__(self, registry: Registry, newest: dict[tuple[str, int], list[datetime]]) -> None:
        self._registry = registry
        self._newest = newest

    def of(self, user_id: str, bucket: CompiledBucket) -> tuple[list[datetime], ...]:
        """The lists that a bucket's evaluator reads; ``add`` keeps them current."""
        return tuple(self._newest[user_id, slot] for slot in bucket.slots)

    def add(self, event: Event) -> None:
        """Count an event in every slot that it belongs to."""
        for slot in self._registry.slots_of_event.get(event.name, ()):
            newest = self._newest.get((event.user_id, slot))
            if newest is None:
                continue
            if where_holds(self._registry.slots[slot].slot.where, event.properties):
                _insert_descending(newest, event.occurred_at)


def _insert_descending(newest: list[datetime], instant: datetime) -> None:
    position = 0
    while position < len(newest) and newest[position] > instant:
        position += 1
    newest.insert(position, instant)
