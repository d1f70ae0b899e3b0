"""What one look at a pair decides."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hogsend.buckets.definition import BucketMeta
from hogsend.buckets.membership import Kind, Membership, Reason, Source, decide
from hogsend.criteria.ast import PropertyCondition, PropertyOperator
from hogsend.criteria.evaluate import Verdict
from hogsend.durations import days, hours

NOW = datetime(2026, 3, 1, tzinfo=UTC)
IN, OUT = Verdict(matches=True), Verdict(matches=False)
CRITERIA = PropertyCondition(property="plan", operator=PropertyOperator.EXISTS)


def bucket(**arguments):
    return BucketMeta(id="b", name="B", criteria=CRITERIA, **arguments)


def stay(entered_at=NOW, *, left_at=None, reason=Reason.CRITERIA, entry_count=1):
    return Membership(
        entry_count=entry_count,
        source=Source.EVENT,
        entered_at=entered_at,
        left_at=left_at,
        reason=reason if left_at else None,
    )


def look(latest, verdict, now=NOW, **arguments):
    return decide(bucket(**arguments), latest, verdict, now, source=Source.EVENT)


def kinds(decision):
    return [(t.kind, t.membership.reason, t.emitted) for t in decision.transitions]


def test_a_match_joins():
    """The first join counts one entry, begins now, and is looked at again at the flip."""
    decision = look(None, Verdict(matches=True, flips_at=NOW + days(1)))
    assert kinds(decision) == [(Kind.ENTERED, None, True)]
    assert decision.latest == stay()
    assert decision.due_at == NOW + days(1)


def test_no_match_outside_only_arms_the_timer():
    """A user who may match later by the clock alone has a timer without being a member."""
    decision = look(None, Verdict(matches=False, flips_at=NOW + days(3)))
    assert (decision.transitions, decision.due_at) == ((), NOW + days(3))


def test_a_match_inside_changes_nothing():
    """A member who matches stays, with the flip as the next instant."""
    decision = look(stay(NOW - days(1)), Verdict(matches=True, flips_at=NOW + days(1)))
    assert (decision.transitions, decision.due_at) == ((), NOW + days(1))


def test_no_match_inside_leaves():
    """A member who no longer matches leaves now, for the reason ``criteria``."""
    decision = look(stay(NOW - days(1)), Verdict(matches=False, flips_at=NOW + days(2)))
    assert kinds(decision) == [(Kind.LEFT, Reason.CRITERIA, True)]
    assert decision.latest.left_at == NOW
    assert decision.due_at == NOW + days(2)


def test_entries_are_counted():
    """Each stay has its number."""
    decision = look(stay(NOW - days(2), left_at=NOW - days(1), entry_count=4), IN)
    assert decision.latest.entry_count == 5


@pytest.mark.parametrize(
    ("arguments", "left_ago", "emitted"),
    [
        ({"entry_limit": "unlimited"}, days(1), True),
        ({"entry_limit": "once"}, days(1000), False),
        ({"entry_limit": "once_per_period", "entry_period": days(7)}, days(6), False),
        ({"entry_limit": "once_per_period", "entry_period": days(7)}, days(7), True),
        ({"entry_limit": "once_per_period"}, days(0), True),
    ],
)
def test_an_entry_limit_gates_the_announcement_only(arguments, left_ago, emitted):
    """The user joins all the same; whether it is announced depends on the limit."""
    latest = stay(NOW - days(2000), left_at=NOW - left_ago)
    assert kinds(look(latest, IN, **arguments)) == [(Kind.ENTERED, None, emitted)]


def test_min_dwell_defers_a_leave_until_it_is_over():
    """Before the end of ``min_dwell`` a member stays, and is looked at when it ends."""
    decision = look(stay(NOW - hours(1)), OUT, min_dwell=hours(3))
    assert (decision.transitions, decision.due_at) == ((), NOW + hours(2))
    assert kinds(look(stay(NOW - hours(3)), OUT, min_dwell=hours(3))) == [
        (Kind.LEFT, Reason.CRITERIA, True)
    ]


def test_max_dwell_ends_a_stay_that_still_matches():
    """With entry_limit ``once``, max_dwell is a time-box: out, and never in again."""
    decision = look(stay(NOW - days(14)), IN, max_dwell=days(14), entry_limit="once")
    assert kinds(decision) == [(Kind.LEFT, Reason.MAX_DWELL, True)]
    assert decision.due_at is None
    again = look(decision.latest, IN, NOW + days(99), max_dwell=days(14), entry_limit="once")
    assert again.transitions == ()


def test_max_dwell_flushes_an_unlimited_bucket():
    """Unlimited and still matching: a leave and a new join at the same instant."""
    decision = look(stay(NOW - days(14)), IN, max_dwell=days(14))
    assert [kind for kind, _, _ in kinds(decision)] == [Kind.LEFT, Kind.ENTERED]
    assert decision.latest.entry_count == 2
    assert decision.due_at == NOW + days(14)


def test_max_dwell_bars_re_entry_for_a_period():
    """``once_per_period`` keeps the user out until the period is over, then lets them in."""
    limits = {"max_dwell": days(1), "entry_limit": "once_per_period", "entry_period": days(7)}
    decision = look(stay(NOW - days(1)), IN, **limits)
    assert decision.due_at == NOW + days(7)
    assert look(decision.latest, IN, NOW + days(6), **limits).due_at == NOW + days(7)
    assert kinds(look(decision.latest, IN, NOW + days(7), **limits)) == [(Kind.ENTERED, None, True)]


def test_max_dwell_is_due_before_a_later_flip():
    """The earlier of the flip and the end of ``max_dwell`` is armed."""
    verdict = Verdict(matches=True, flips_at=NOW + days(30))
    assert look(None, verdict, max_dwell=days(14)).due_at == NOW + days(14)
    assert look(None, verdict, max_dwell=days(40)).due_at == NOW + days(30)


def test_a_flush_is_news_whoever_looks_first():
    """While a job catches up with a new max_dwell, the stay that begins anew is announced."""
    decision = decide(
        bucket(max_dwell=days(14)), stay(NOW - days(20)), IN, NOW, source=Source.BACKFILL
    )
    assert kinds(decision) == [
        (Kind.LEFT, Reason.MAX_DWELL, True),
        (Kind.ENTERED, None, True),
    ]
    assert decision.latest.source is Source.RECONCILE
