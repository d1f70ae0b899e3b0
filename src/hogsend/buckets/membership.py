"""One user's stays in one bucket: what is decided, given a verdict and an instant.

States of a pair: never a member, ``active``, ``left``. The latest row is authoritative: it tells
the state, how many stays there were (``entry_count``) and when the last one ended.

    never | left --(criteria hold, re-entry not barred)--> active
    active --(criteria stop holding, min_dwell over)-----> left (criteria)
    active --(max_dwell over)----------------------------> left (max_dwell)

``decide`` is pure. It names the next instant at which to look again (``due_at``); a timer that
fires early changes nothing but the timer.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from hogsend.buckets.definition import BucketMeta, EntryLimit
from hogsend.criteria.evaluate import Verdict


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
    """The two transitions."""

    ENTERED = "entered"
    LEFT = "left"


class Membership(Struct, frozen=True, kw_only=True, gc=False):
    """One stay of a user in a bucket; ``left_at`` and ``reason`` are None while it lasts.

    Within its pair, ``entry_count`` (from 1) tells it from the others.
    """

    entry_count: int
    source: Source
    entered_at: datetime
    left_at: datetime | None = None
    reason: Reason | None = None
    dwell_anchor_at: datetime | None = None

    @property
    def active(self) -> bool:
        """Whether the stay lasts."""
        return self.left_at is None

    @property
    def changed_at(self) -> datetime:
        """The instant of the latest transition."""
        return self.left_at or self.entered_at


class Transition(Struct, frozen=True, kw_only=True, gc=False):
    """A join or a leave; ``emitted`` is False where an entry limit keeps it silent."""

    kind: Kind
    membership: Membership
    at: datetime
    source: Source
    emitted: bool = True


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
    source: Source,
) -> Decision:
    """Decide what becomes of a pair at ``now``."""
    if latest is None or not latest.active:
        return _decide_outside(bucket, latest, verdict, now, source)
    if bucket.max_dwell is not None and now >= latest.entered_at + bucket.max_dwell:
        return _flush(bucket, latest, verdict, now, source)
    if verdict.matches:
        return Decision(latest=latest, due_at=_due_inside(bucket, latest, verdict))
    if bucket.min_dwell is not None and now < latest.entered_at + bucket.min_dwell:
        return Decision(latest=latest, due_at=latest.entered_at + bucket.min_dwell)
    left = _leave(latest, Reason.CRITERIA, now, source)
    return Decision(latest=left.membership, due_at=verdict.flips_at, transitions=(left,))


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
            case EntryLimit.ONCE_PER_PERIOD if now < (reopens := _period_end(bucket, latest)):
                return Decision(latest=latest, due_at=reopens)
            case _:
                pass
    joined = _join(bucket, latest, now, source)
    return Decision(
        latest=joined.membership,
        due_at=_due_inside(bucket, joined.membership, verdict),
        transitions=(joined,),
    )


def _flush(
    bucket: BucketMeta, latest: Membership, verdict: Verdict, now: datetime, source: Source
) -> Decision:
    """End a stay that has lasted ``max_dwell``; the next one may begin at the same instant."""
    left = _leave(latest, Reason.MAX_DWELL, now, source)
    after = _decide_outside(bucket, left.membership, verdict, now, source)
    return replace(after, transitions=(left, *after.transitions))


def _join(
    bucket: BucketMeta, latest: Membership | None, now: datetime, source: Source
) -> Transition:
    membership = Membership(
        entry_count=1 if latest is None else latest.entry_count + 1,
        source=source,
        entered_at=now,
    )
    emitted = latest is None or _emits_again(bucket, latest, now)
    return Transition(
        kind=Kind.ENTERED, membership=membership, at=now, source=source, emitted=emitted
    )


def _leave(latest: Membership, reason: Reason, now: datetime, source: Source) -> Transition:
    membership = replace(latest, left_at=now, reason=reason)
    return Transition(kind=Kind.LEFT, membership=membership, at=now, source=source)


def _emits_again(bucket: BucketMeta, latest: Membership, now: datetime) -> bool:
    match bucket.entry_limit:
        case EntryLimit.UNLIMITED:
            return True
        case EntryLimit.ONCE:
            return False
        case EntryLimit.ONCE_PER_PERIOD:
            return now >= _period_end(bucket, latest)


def _period_end(bucket: BucketMeta, latest: Membership) -> datetime:
    """When ``entry_period`` after the latest leave is over; without a period, at once."""
    if bucket.entry_period is None:
        return latest.changed_at
    return latest.changed_at + bucket.entry_period


def _due_inside(bucket: BucketMeta, membership: Membership, verdict: Verdict) -> datetime | None:
    if bucket.max_dwell is None:
        return verdict.flips_at
    ends_at = membership.entered_at + bucket.max_dwell
    return ends_at if verdict.flips_at is None else min(ends_at, verdict.flips_at)
