"""The registered buckets, compiled, and which change can matter to which of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final, TypeVar

from hogsend.buckets.definition import Bucket, BucketMeta, duplicate_faults
from hogsend.buckets.store import Asked
from hogsend.criteria.analyze import Analysis, Direction, analyze
from hogsend.criteria.blocking import blocked_for
from hogsend.criteria.dump import fingerprint
from hogsend.criteria.evaluate import Evaluator
from hogsend.criteria.slots import Slot, SlotDepth
from hogsend.errors import DefinitionError
from hogsend.events.model import Change

T = TypeVar("T")

_NONE_BUILDING: Final[Mapping[str, int | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledBucket:
    """A bucket ready for the hot path.

    Attributes:
        slots: For each of the evaluator's slots, in its order, its number in the registry.
        blocked_for: For how long after an event (by name) nobody can join.
        fingerprint: Tells one version of the criteria from another.
    """

    meta: BucketMeta
    evaluator: Evaluator
    analysis: Analysis
    slots: tuple[int, ...]
    blocked_for: Mapping[str, timedelta]
    fingerprint: str

    @property
    def reconciles_joins(self) -> bool:
        """Whether an audit looks for people who should be in, not only for members."""
        if self.meta.reconcile_joins is None:
            return self.analysis.clock_joins
        return self.meta.reconcile_joins

    def ask(self, change: Change, asked: Asked) -> None:
        """Note in ``asked`` where ``change`` may move a pair of this bucket.

        A change that can only work in one direction can also not bring the next flip in the
        other one forward, so the pair's timer stays right (early, at most).
        """
        if (
            change.created
            or self.meta.id in change.revisit
            or not self.analysis.properties.isdisjoint(change.changed_keys)
        ):
            asked.allow(out_until=None)
        elif change.event is not None:
            match self.analysis.events.get(change.event.name):
                case Direction.JOIN:
                    asked.can_join, asked.out_until = True, None
                case Direction.LEAVE:
                    asked.can_leave = True
                case Direction.BOTH:
                    duration = self.blocked_for.get(change.event.name)
                    out_until = duration and change.event.occurred_at + duration
                    asked.allow(out_until=out_until or None)


class Registry:
    """All buckets of the app, by what can change them.

    Of the live ones (``live_ids``), ``exact_ids`` are looked at when a timer is due, and
    ``cadence_ids`` when it is time to reconcile. Some are ``building``: a job catches up with
    their definition, and writes see to the pairs that they touch themselves. Each has the mark
    that a timer must bear to be believed meanwhile, None if all are.

    Args:
        buckets: The app's buckets.

    Raises:
        DefinitionError: Several buckets carry the same id.
    """

    def __init__(self, buckets: Iterable[Bucket]) -> None:
        self.definitions = tuple(buckets)
        if faults := duplicate_faults(self.definitions):
            raise DefinitionError(faults)
        self.slots = _all_slots(self.definitions)
        numbers = {needed.slot: number for number, needed in enumerate(self.slots)}
        self.buckets = {bucket.id: _compile(bucket.meta, numbers) for bucket in self.definitions}
        self.slots_of_event = _index((slot.event_name, number) for slot, number in numbers.items())
        self.set_live(bucket.id for bucket in self.definitions if bucket.meta.enabled)

    def set_live(
        self, bucket_ids: Iterable[str], building: Mapping[str, int | None] = _NONE_BUILDING
    ) -> None:
        """From now on, evaluate these buckets and no others."""
        self.live_ids = sorted(bucket_ids)
        self.building = {id_: building[id_] for id_ in self.live_ids if id_ in building}
        live = [self.buckets[bucket_id] for bucket_id in self.live_ids]
        self.exact_ids = [bucket.meta.id for bucket in live if bucket.meta.fast_expiry]
        self.cadence_ids = [bucket.meta.id for bucket in live if not bucket.meta.fast_expiry]
        self._by_event = _index((name, b) for b in live for name in b.analysis.events)
        self._by_property = _index((key, b) for b in live for key in b.analysis.properties)
        self._by_creation = tuple(b for b in live if b.analysis.matches_empty)

    def affected(self, change: Change) -> Sequence[CompiledBucket]:
        """The buckets whose membership ``change`` may move, without asking who is a member."""
        by_event = self._by_event.get(change.event.name, ()) if change.event else ()
        if not change.changed_keys and not change.created and not change.revisit:
            return by_event
        found = {bucket.meta.id: bucket for bucket in by_event}
        for key in change.changed_keys:
            found |= {bucket.meta.id: bucket for bucket in self._by_property.get(key, ())}
        if change.returned:
            found |= {bucket_id: self.buckets[bucket_id] for bucket_id in self.live_ids}
        elif change.created:
            found |= {bucket.meta.id: bucket for bucket in self._by_creation}
        for bucket_id in change.revisit.intersection(self.live_ids):
            found[bucket_id] = self.buckets[bucket_id]
        return tuple(found.values())


def _all_slots(buckets: Iterable[Bucket]) -> tuple[SlotDepth, ...]:
    """The distinct slots of all buckets, each as deep as the deepest need."""
    depths: dict[Slot, int] = {}
    for bucket in buckets:
        for slot, depth in analyze(bucket.meta.criteria).slots.items():
            depths[slot] = max(depth, depths.get(slot, 0))
    return tuple(SlotDepth(slot=slot, depth=depth) for slot, depth in depths.items())


def _compile(meta: BucketMeta, numbers: Mapping[Slot, int]) -> CompiledBucket:
    evaluator = Evaluator(meta.criteria)
    return CompiledBucket(
        meta=meta,
        evaluator=evaluator,
        analysis=analyze(meta.criteria),
        slots=tuple(numbers[needed.slot] for needed in evaluator.slots),
        blocked_for=blocked_for(meta.criteria),
        fingerprint=fingerprint(meta.criteria),
    )


def _index(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    index: dict[str, list[T]] = {}
    for key, value in pairs:
        index.setdefault(key, []).append(value)
    return {key: tuple(values) for key, values in index.items()}
