"""One user's stays in one bucket: what is decided, given a verdict and an instant.

States of a pair: never a member, ``active``, ``left``. The latest row is authoritative: it tells
the state, how many stays there were (``entry_count``) and when the last one ended.

    never | left --(criteria hold, re-entry not barred)--> active
    active --(criteria stop holding, min_dwell over)-----> left (criteria)
    active --(max_dwell over)----------------------------> left (max_dwell)

While a stay lasts, each dwell schedule fires when it is due; a stay that ends at the same instant
ends first. Dwell instants that were missed while nobody looked are made up for by one firing.

``decide`` is pure. It names the next instant at which to look again (``due_at``); a timer that
fires early changes nothing but the timer.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from hogsend.buckets.definition import BucketMeta
from hogsend.criteria.evaluate import Verdict
from hogsend.declarations import EntryLimit

_MICROSECOND = timedelta(microseconds=1)


class Source(StrEnum):
    """What made a membership change: a write (``event``), the clock (``reconcile``), a deploy."""

    EVENT = "event"
    RECONCILE = "reconcile"
    BACKFILL = "backfill"
    MANUAL = "manual"


class Reason(StrEnum):
    """Why a stay ended."""

    CRITERIA = "criteria"
    MAX_DWELL = "max_dwell"
    MANUAL = "manual"
    DELETED = "deleted"


class Kind(StrEnum):
    """What can happen to a stay."""

    ENTERED = "entered"
    LEFT = "left"
    DWELL = "dwell"


class Membership(Struct, frozen=True, kw_only=True, gc=False):
    """One stay of a user in a bucket; ``left_at`` and ``reason`` are None while it lasts.

    Within its pair, ``entry_count`` (from 1) tells it from the others. ``dwell_state`` says how
    many intervals of each dwell schedule (by label) have been announced.
    """

    entry_count: int
    source: Source
    entered_at: datetime
    left_at: datetime | None = None
    reason: Reason | None = None
    dwell_anchor_at: datetime | None = None
    dwell_state: Mapping[str, int] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether the stay lasts."""
        return self.left_at is None

    @property
    def changed_at(self) -> datetime:
        """The instant of the latest transition."""
        return self.left_at or self.entered_at


class Transition(Struct, frozen=True, kw_only=True, gc=False):
    """A join, a leave, or a dwell of so long.

    Attributes:
        membership: The stay as it is afterwards.
        emitted: False where an entry limit keeps it silent, and for a match that is history: its
            join (of source ``backfill``) is news to nobody.
        label: Of a dwell: which schedule fired.
        count: Of a dwell: how many of its intervals are over.
    """

    kind: Kind
    membership: Membership
    at: datetime
    source: Source
    emitted: bool = True
    label: str | None = None
    count: int = 0


class Decision(Struct, frozen=True, kw_only=True, gc=False):
    """What follows from one look at a pair.

    Attributes:
        transitions: In order; their memberships are the rows to write.
        latest: The pair's latest membership afterwards.
        due_at: When to look again if nothing happens; None if time alone changes nothing.
    """

    latest: Membership | None
    due_at: datetime | None
    transitions: tuple[Transition, ...] = ()


def decide(
    bucket: BucketMeta,
    latest: Membership | None,
    verdict: Verdict,
    now: datetime,
    *,
    source: Source,
    until: datetime | None = None,
) -> Decision:
    """Decide what becomes of a pair at ``now``.

    Args:
        bucket: Its limits and schedules.
        latest: The pair's latest membership.
        verdict: Of the criteria at ``now``.
        now: The instant decided upon.
        source: What to give as the cause of a transition.
        until: The present, where ``now`` is an instant that is being made up for.
    """
    if latest is None or not latest.active:
        return _decide_outside(bucket, latest, verdict, now, source)
    ends_at = _end_of(latest, bucket.max_dwell)
    if ends_at is not None and now >= ends_at:
        return _flush(bucket, latest, verdict, now, source)
    may_leave_at = _end_of(latest, bucket.min_dwell)
    if verdict.matches:
        look_at = _earliest(verdict.flips_at, ends_at)
    elif may_leave_at is not None and now < may_leave_at:
        look_at = may_leave_at
    else:
        left = _leave(latest, Reason.CRITERIA, now, source)
        return Decision(latest=left.membership, due_at=verdict.flips_at, transitions=(left,))
    return _dwell(bucket, latest, now=now, until=until or now, look_at=look_at, source=source)


def _dwell(
    bucket: BucketMeta,
    latest: Membership,
    *,
    now: datetime,
    until: datetime,
    look_at: datetime | None,
    source: Source,
) -> Decision:
    """Fire the dwell schedules that are due; ``look_at``: when the stay may end next."""
    if not bucket.dwells:
        return Decision(latest=latest, due_at=look_at)
    horizon = until if look_at is None else min(until, look_at - _MICROSECOND)
    anchor = latest.dwell_anchor_at or latest.entered_at
    fired: list[Transition] = []
    due_at = look_at
    for schedule in bucket.dwells:
        done = latest.dwell_state.get(schedule.label, 0)
        count = schedule.elapsed(anchor, now, horizon)
        if count > done:
            latest = replace(latest, dwell_state={**latest.dwell_state, schedule.label: count})
            at = max(now, schedule.instant(anchor, count))
            fired.append(_fire(latest, schedule.label, count, at, source))
        due_at = _earliest(due_at, schedule.due_after(anchor, max(count, done)))
    return Decision(latest=latest, due_at=due_at, transitions=tuple(fired))


def _fire(
    membership: Membership, label: str, count: int, at: datetime, source: Source
) -> Transition:
    return Transition(
        kind=Kind.DWELL, membership=membership, at=at, source=source, label=label, count=count
    )


def _decide_outside(
    bucket: BucketMeta,
    latest: Membership | None,
    verdict: Verdict,
    now: datetime,
    source: Source,
) -> Decision:
    if not verdict.matches:
        return Decision(latest=latest, due_at=verdict.flips_at)
    if latest is not None and latest.reason is Reason.MAX_DWELL:
        match bucket.entry_limit:
            case EntryLimit.ONCE:
                return Decision(latest=latest, due_at=None)
            case EntryLimit.ONCE_PER_PERIOD if now < (reopens := period_end(bucket, latest)):
                return Decision(latest=latest, due_at=reopens)
            case _:
                pass
    joined = _join(bucket, latest, verdict, now, source)
    look_at = _earliest(verdict.flips_at, _end_of(joined.membership, bucket.max_dwell))
    after = _dwell(bucket, joined.membership, now=now, until=now, look_at=look_at, source=source)
    return replace(after, transitions=(joined, *after.transitions))


def _flush(
    bucket: BucketMeta, latest: Membership, verdict: Verdict, now: datetime, source: Source
) -> Decision:
    """End a stay that has lasted ``max_dwell``; the next one may begin at the same instant.

    That one is news, not history, also when a job or a write meanwhile was the first to look.
    """
    left = _leave(latest, Reason.MAX_DWELL, now, source)
    again = Source.RECONCILE if source is Source.BACKFILL else source
    after = _decide_outside(bucket, left.membership, verdict, now, again)
    return replace(after, transitions=(left, *after.transitions))


def _join(
    bucket: BucketMeta,
    latest: Membership | None,
    verdict: Verdict,
    now: datetime,
    source: Source,
) -> Transition:
    historical = source is Source.BACKFILL
    membership = Membership(
        entry_count=1 if latest is None else latest.entry_count + 1,
        source=source,
        entered_at=now,
        dwell_anchor_at=verdict.since if historical else None,
    )
    emitted = not historical and (latest is None or emits_again(bucket, latest, now))
    return Transition(
        kind=Kind.ENTERED, membership=membership, at=now, source=source, emitted=emitted
    )


def _leave(latest: Membership, reason: Reason, now: datetime, source: Source) -> Transition:
    membership = replace(latest, left_at=now, reason=reason)
    return Transition(kind=Kind.LEFT, membership=membership, at=now, source=source)


def emits_again(bucket: BucketMeta, latest: Membership, now: datetime) -> bool:
    """Whether the entry limit lets a join at ``now`` be announced, after the stay ``latest``."""
    match bucket.entry_limit:
        case EntryLimit.UNLIMITED:
            return True
        case EntryLimit.ONCE:
            return False
        case EntryLimit.ONCE_PER_PERIOD:
            return now >= period_end(bucket, latest)


def period_end(bucket: BucketMeta, latest: Membership) -> datetime:
    """When ``entry_period`` after the latest leave is over; without a period, at once."""
    if bucket.entry_period is None:
        return latest.changed_at
    return latest.changed_at + bucket.entry_period


def _end_of(stay: Membership, duration: timedelta | None) -> datetime | None:
    return None if duration is None else stay.entered_at + duration


def _earliest(first: datetime | None, second: datetime | None) -> datetime | None:
    if first is None or second is None:
        return first or second
    return min(first, second)
