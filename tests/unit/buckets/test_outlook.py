"""Foresight, for the cases with limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import msgspec

from hogsend.buckets.definition import define_bucket
from hogsend.buckets.membership import Kind, Membership, Reason, Source
from hogsend.buckets.outlook import foresee
from hogsend.criteria.evaluate import Evaluator
from hogsend.declarations import EntryLimit
from hogsend.durations import days

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SEEN = define_bucket(
    id="seen", name="Seen", criteria=lambda b: b.event("seen").within(days(7)).exists()
).meta


def outlook(latest, *seen, **limits):
    meta = replace(SEEN, **limits)
    judge = partial(Evaluator(meta.criteria), {}, [list(seen)])
    return foresee(meta, judge, latest, NOW)


def member(days_ago=1):
    return Membership(entry_count=1, source=Source.EVENT, entered_at=NOW - days(days_ago))


def moves(transitions):
    return [(move.kind, move.membership.reason, move.at - NOW) for move in transitions]


def test_a_member_leaves_when_the_window_ends():
    """Nothing is pending until then."""
    found = outlook(member(), NOW - days(1))
    assert (found.matches, found.pending, found.look_at) == (True, (), None)
    assert found.flips_at == NOW + days(6)
    assert moves(found.upcoming) == [(Kind.LEFT, Reason.CRITERIA, days(6))]


def test_a_shortest_stay_holds_back_the_leave():
    """Until it is over."""
    found = outlook(member(), NOW - days(8), min_dwell=days(3))
    assert (found.matches, found.pending) == (False, ())
    assert found.look_at == NOW + days(2)
    assert moves(found.upcoming) == [(Kind.LEFT, Reason.CRITERIA, days(2))]


def test_a_longest_stay_that_begins_anew_does_so_at_once():
    """Two things happen at that instant."""
    found = outlook(member(), NOW, max_dwell=days(3))
    assert moves(found.upcoming) == [
        (Kind.LEFT, Reason.MAX_DWELL, days(2)),
        (Kind.ENTERED, None, days(2)),
    ]


def flushed(at):
    return msgspec.structs.replace(member(5), left_at=at, reason=Reason.MAX_DWELL)


def test_a_time_box_keeps_people_out():
    """For good with entry_limit once, else until the period is over."""
    found = outlook(flushed(NOW - days(1)), NOW, entry_limit=EntryLimit.ONCE, max_dwell=days(3))
    assert (found.matches, found.pending, found.upcoming, found.look_at) == (True, (), (), None)
    limits = {
        "entry_limit": EntryLimit.ONCE_PER_PERIOD,
        "entry_period": days(4),
        "max_dwell": days(3),
    }
    found = outlook(flushed(NOW - days(1)), NOW, **limits)
    assert found.look_at == NOW + days(3)
    assert moves(found.upcoming) == [(Kind.ENTERED, None, days(3))]


def test_what_was_not_looked_at_is_pending():
    """And what comes after it is foretold all the same."""
    found = outlook(None, NOW - days(1))
    assert moves(found.pending) == [(Kind.ENTERED, None, days(0))]
    assert moves(found.upcoming) == [(Kind.LEFT, Reason.CRITERIA, days(6))]
