"""What the clock will do to a pair if nothing happens, by the engine's own rules; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

from hogsend.buckets.definition import BucketMeta
from hogsend.buckets.membership import Decision, Membership, Source, Transition, decide
from hogsend.criteria.evaluate import Verdict

Judge: TypeAlias = Callable[[datetime], Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What is to come.

    Attributes:
        matches: The criteria hold now.
        flips_at: When ``matches`` becomes the opposite; None is never.
        pending: What a look at the pair would do at once: nothing, in a pair that is up to date.
        upcoming: The next join or leave after that, with all that happens at its instant.
        look_at: Until when limits of the bucket hold back what the criteria say; None if they
            do not, or for ever.
    """

    matches: bool
    flips_at: datetime | None
    pending: tuple[Transition, ...]
    upcoming: tuple[Transition, ...]
    look_at: datetime | None


def foresee(bucket: BucketMeta, judge: Judge, latest: Membership | None, now: datetime) -> Outlook:
    """Look ahead from ``now``; ``judge`` gives the verdict on the pair at any later instant."""
    quiet = replace(bucket, dwells=())

    def look(at: datetime, latest: Membership | None) -> Decision:
        return decide(quiet, latest, judge(at), at, source=Source.RECONCILE)

    start = now if latest is None else max(now, latest.changed_at)
    first = decision = look(start, latest)
    upcoming: tuple[Transition, ...] = ()
    while decision.due_at is not None and not upcoming:
        decision = look(decision.due_at, decision.latest)
        upcoming = decision.transitions
    verdict = judge(start)
    held = verdict.matches is not _is_in(first.latest)
    return Outlook(
        matches=verdict.matches,
        flips_at=_flip(verdict, judge),
        pending=first.transitions,
        upcoming=upcoming,
        look_at=first.due_at if held else None,
    )


def _is_in(latest: Membership | None) -> bool:
    return latest is not None and latest.active


def _flip(verdict: Verdict, judge: Judge) -> datetime | None:
    """When the criteria change; a verdict's own instant may be early."""
    matches, flips_at = verdict.matches, verdict.flips_at
    while flips_at is not None:
        later = judge(flips_at)
        if later.matches is not matches:
            return flips_at
        flips_at = later.flips_at
    return None
