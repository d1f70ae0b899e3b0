"""The answer in English: one sentence first, then what else there is to know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from hogsend.buckets.definition import BucketMeta
from hogsend.buckets.membership import (
    Kind,
    Membership,
    Reason,
    Source,
    Transition,
    emits_again,
    period_end,
)
from hogsend.declarations import EntryLimit
from hogsend.durations import describe_duration
from hogsend.instants import describe_instant, describe_moment
from hogsend.ops.buckets import BucketState
from hogsend.ops.explain import Answer, Standing

_LATE = timedelta(seconds=5)
_EVALUATED = frozenset({BucketState.LIVE, BucketState.BUILDING, BucketState.FAILED})


def summarize(answer: Answer) -> str:
    """Whether the user is in, since when, and the first reason."""
    if answer.situation.contact is None:
        return f"{_place(answer, 'is')}: the contact was deleted."
    if answer.explanation is None or answer.outlook is None:
        return (
            f"{_place(answer, 'is')}; this code does not define the bucket, so it cannot say why."
        )
    reason = answer.explanation.reason
    if answer.outlook.matches is answer.is_member:
        return f"{_place(answer, 'has been')}, because: {reason}."
    holds = "the criteria hold" if answer.outlook.matches else "the criteria do not hold"
    place = _place(answer, "is still")
    return f"{place} although {holds}: {_held_back(answer)}. The criteria: {reason}."


def _place(answer: Answer, verb: str) -> str:
    """``ada has been in Lapsed since …``, or ``ada is not in Lapsed``."""
    if answer.latest is None or not answer.is_member:
        return f"{answer.user_id} is not in {answer.standing.name}"
    since = describe_instant(answer.latest.entered_at)
    return f"{answer.user_id} {verb} in {answer.standing.name} since {since}"


def _held_back(answer: Answer) -> str:
    """Why membership is not what the criteria say."""
    if (standing := _not_live(answer.standing)) is not None:
        return standing
    meta, outlook, latest = answer.meta, answer.outlook, answer.latest
    if meta is None or outlook is None:
        return "it was not looked at"
    if not outlook.pending and latest is not None:
        return _limited(meta, latest, outlook.look_at, answer.now)
    return _not_looked_at(answer, meta)


def _not_live(standing: Standing) -> str | None:
    """What is the matter with the bucket as a whole."""
    match standing.state:
        case BucketState.NEW:
            text = "the bucket was never evaluated; a worker that starts with this code fills it"
        case BucketState.RETIRED:
            text = "the bucket is retired: it is in no running process's code"
        case BucketState.PAUSED:
            text = f"the bucket is paused ({standing.paused})"
        case _ if standing.outdated:
            text = "the processes that run have other criteria; see `hogsend plan`"
        case BucketState.BUILDING:
            text = f"the bucket is catching up with its definition ({standing.progress:.0%})"
        case BucketState.FAILED:
            text = f"the bucket could not catch up with its definition: {standing.error}"
        case BucketState.LIVE:
            return None
    return text


def _not_looked_at(answer: Answer, meta: BucketMeta) -> str:
    if not meta.fast_expiry:
        return "it has fast_expiry=False, so it is looked at when it is time to reconcile"
    due_at = answer.situation.due_at
    if due_at is None or due_at > answer.now:
        return "nothing is due that would change it; the next audit will repair it"
    if answer.now - due_at < _LATE:
        return "it is being settled just now"
    return f"it was due {describe_moment(due_at, answer.now)}; is a worker running?"


def _limited(meta: BucketMeta, latest: Membership, until: datetime | None, now: datetime) -> str:
    end = "" if until is None else f", until {describe_instant(until)}"
    if latest.active:
        shortest = describe_duration(meta.min_dwell or timedelta(0))
        return f"a stay lasts at least {shortest} (min_dwell){end}"
    ended = describe_moment(latest.changed_at, now)
    limit = f"entry_limit {meta.entry_limit}"
    return f"max_dwell ended the last stay {ended}, and {limit} keeps them out{end or ' for good'}"


def notes(answer: Answer) -> list[str]:
    """What else matters, most important first."""
    standing = _not_live(answer.standing)
    remarks = [] if standing is None else [f"{standing[0].upper()}{standing[1:]}."]
    if answer.meta is None or answer.outlook is None:
        return remarks
    return [*remarks, *_ahead(answer), *_limits(answer, answer.meta)]


def _ahead(answer: Answer) -> Iterator[str]:
    if answer.outlook is None or answer.standing.state not in _EVALUATED:
        return
    if answer.explanation and (since := answer.explanation.verdict.since):
        yield f"The criteria have held since {describe_instant(since)}."
    if answer.outlook.pending:
        yield f"When it is looked at, {_moves(answer, answer.outlook.pending)}."
    if answer.outlook.upcoming:
        at = describe_moment(answer.outlook.upcoming[0].at, answer.now)
        yield f"If nothing happens, {_moves(answer, answer.outlook.upcoming)} {at}."
    elif not answer.outlook.pending:
        yield "If nothing happens, this stays as it is."


def _moves(answer: Answer, transitions: tuple[Transition, ...]) -> str:
    return f"{answer.user_id} " + " and ".join(_move(transition) for transition in transitions)


def _move(transition: Transition) -> str:
    if transition.kind is Kind.LEFT:
        longest = transition.membership.reason is Reason.MAX_DWELL
        return "leaves (max_dwell)" if longest else "leaves"
    return "joins" if transition.emitted else "joins silently (entry limit)"


def _limits(answer: Answer, meta: BucketMeta) -> Iterator[str]:
    latest, now = answer.latest, answer.now
    if latest is None:
        return
    if latest.active:
        yield from _limits_of_stay(answer, meta, latest)
    elif not emits_again(meta, latest, now):
        since = "they have been in before"
        if meta.entry_limit is EntryLimit.ONCE_PER_PERIOD:
            since = f"until {describe_instant(period_end(meta, latest))}"
        yield f"A join would not be announced: entry_limit {meta.entry_limit}, {since}."


def _limits_of_stay(answer: Answer, meta: BucketMeta, latest: Membership) -> Iterator[str]:
    if not answer.situation.stays[0].announced:
        silent = "silent, as with every backfill"
        if latest.source is not Source.BACKFILL:
            silent = f"not announced: entry_limit {meta.entry_limit}"
        yield f"The join was {silent}."
    if meta.max_dwell is not None and not _ends_by_max_dwell(answer):
        end = describe_moment(latest.entered_at + meta.max_dwell, answer.now)
        yield f"A stay ends after {describe_duration(meta.max_dwell)} (max_dwell): {end}."
    anchor = latest.dwell_anchor_at or latest.entered_at
    for schedule in meta.dwells:
        due_at = schedule.due_after(anchor, latest.dwell_state.get(schedule.label, 0))
        if due_at is not None:
            yield f"The dwell {schedule.label} is due {describe_moment(due_at, answer.now)}."


def _ends_by_max_dwell(answer: Answer) -> bool:
    upcoming = answer.outlook.upcoming if answer.outlook else ()
    return any(move.membership.reason is Reason.MAX_DWELL for move in upcoming)
