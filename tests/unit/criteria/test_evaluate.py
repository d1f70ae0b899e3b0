"""Evaluation in memory: windows, counts, the next flip, and since when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hogsend.criteria.ast import PropertyCondition, PropertyOperator
from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.evaluate import Facts, Verdict, compile, evaluate  # noqa: A004
from hogsend.criteria.slots import Slot, SlotDepth
from hogsend.durations import days, hours

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TICK = timedelta(microseconds=1)
b = CriteriaBuilder()
ACTIVE = b.event("active")
LAPSED = b.all(ACTIVE.exists(), ACTIVE.within(days(7)).not_exists())


def judge(tree, *times, now=NOW, properties=None):
    """The verdict for a contact whose only events, of each slot, are at ``times``."""
    newest = sorted(times, reverse=True)
    facts = {needed.slot: newest for needed in compile(tree).slots}
    return evaluate(tree, Facts(properties=properties or {}, newest=facts), now)


def test_an_event_counts_from_its_instant_until_its_window_is_over():
    """Half-open: at ``s`` it counts, at ``s + W`` it does not."""
    tree = ACTIVE.within(days(7)).exists()
    assert judge(tree, NOW) == Verdict(matches=True, flips_at=NOW + days(7))
    last = NOW - days(7) + TICK
    assert judge(tree, last) == Verdict(matches=True, flips_at=NOW + TICK)
    assert judge(tree, NOW - days(7)) == Verdict(matches=False)


@pytest.mark.parametrize(
    ("tree", "counts"),
    [
        (ACTIVE.exists(), {1, 2, 3, 4, 5}),
        (ACTIVE.not_exists(), {0}),
        (ACTIVE.at_least(3), {3, 4, 5}),
        (ACTIVE.more_than(3), {4, 5}),
        (ACTIVE.at_most(3), {0, 1, 2, 3}),
        (ACTIVE.less_than(3), {0, 1, 2}),
        (ACTIVE.exactly(3), {3}),
        (ACTIVE.exactly(0), {0}),
        (ACTIVE.at_least(0), {0, 1, 2, 3, 4, 5}),
        (ACTIVE.less_than(0), set()),
    ],
)
def test_counts_compare_the_number_of_events(tree, counts):
    """Each comparison holds for exactly its counts, with or without a window."""
    windowed = b.event("active").within(days(30)).count("gte", 0)
    for number in range(6):
        times = [NOW - hours(1)] * number
        assert judge(tree, *times).matches is (number in counts)
        inside = type(windowed)(
            event_name="active",
            check=tree.check,
            operator=tree.operator,
            value=tree.value,
            within=days(30),
        )
        assert judge(inside, *times).matches is (number in counts)


def test_a_count_flips_when_the_kth_newest_leaves_the_window():
    """Not when the newest or the oldest does."""
    times = [NOW - days(day) for day in (1, 2, 3, 4)]
    rising = b.event("active").within(days(10)).at_least(3)
    falling = b.event("active").within(days(10)).less_than(3)
    third_leaves = NOW - days(3) + days(10)
    assert judge(rising, *times) == Verdict(matches=True, flips_at=third_leaves)
    assert judge(falling, *times) == Verdict(matches=False, flips_at=third_leaves)


def test_exactly_flips_twice():
    """Five in the window: exactly 4 is one expiry away, and again one expiry long."""
    times = [NOW - days(day) for day in (1, 2, 3, 4, 5)]
    tree = b.event("active").within(days(10)).exactly(4)
    joins, leaves = NOW + days(5), NOW + days(6)
    assert judge(tree, *times) == Verdict(matches=False, flips_at=joins)
    assert judge(tree, *times, now=joins) == Verdict(matches=True, flips_at=leaves, since=joins)
    assert judge(tree, *times, now=leaves) == Verdict(matches=False)


def test_lapsed_since_the_window_was_over():
    """Ever active and not in the last 7 days: since last activity + 7 days."""
    seen = NOW - days(3)
    assert judge(LAPSED) == Verdict(matches=False)
    assert judge(LAPSED, seen) == Verdict(matches=False, flips_at=seen + days(7))
    later = NOW + days(60)
    assert judge(LAPSED, seen, now=later) == Verdict(matches=True, since=seen + days(7))
    returned = judge(LAPSED, seen, NOW + days(50), now=later)
    assert returned == Verdict(matches=True, since=NOW + days(57))


def test_since_survives_events_of_which_none_is_known():
    """Never having bought anything is as old as time, and leaves since to the rest."""
    tree = b.all(LAPSED, b.event("bought").within(days(30)).not_exists())
    facts = Facts(properties={}, newest={Slot(event_name="active"): [NOW - days(9)]})
    assert evaluate(tree, facts, NOW) == Verdict(matches=True, since=NOW - days(2))


def test_since_is_unknown_where_a_property_decides():
    """Nobody recorded when the property was set, so nobody knows since when."""
    tree = b.all(LAPSED, b.prop("plan").eq("pro"))
    verdict = judge(tree, NOW - days(9), properties={"plan": "pro"})
    assert verdict == Verdict(matches=True)


def test_since_is_unknown_where_older_events_would_decide():
    """Active in the last 7 days: the newest event does not tell since when without a break."""
    assert judge(ACTIVE.within(days(7)).exists(), NOW - hours(1)).since is None
    assert judge(ACTIVE.exists(), NOW - hours(1)).since is None


def test_since_of_an_or_is_that_of_the_only_reason():
    """Lapsed, or complaining: since it lapsed if it was not complaining just before."""
    tree = b.any(LAPSED, b.event("complained").within(days(2)).exists())
    lapsed_at = NOW - days(2)
    newest = {Slot(event_name="active"): [lapsed_at - days(7)]}
    alone = Facts(properties={}, newest=newest)
    assert evaluate(tree, alone, NOW) == Verdict(matches=True, since=lapsed_at)
    complained = lapsed_at - days(2) + TICK
    facts = Facts(properties={}, newest=newest | {Slot(event_name="complained"): [complained]})
    assert evaluate(tree, facts, NOW) == Verdict(matches=True)


def test_since_is_unknown_if_there_may_have_been_enough_before():
    """Two within 7 days, and now none: an older event may have been the second until lately."""
    tree = b.event("active").within(days(7)).less_than(2)
    newest, second = NOW - days(1), NOW - days(8)
    assert judge(tree, newest, second).since is None
    assert judge(tree, newest - days(6), second).since == second + days(7)


def lapsed(name):
    return b.event(name).within(days(7)).not_exists()


def facts(**newest):
    return Facts(
        properties={}, newest={Slot(event_name=name): times for name, times in newest.items()}
    )


def test_since_of_an_and_is_that_of_its_latest_child():
    """An or among them has held as long as its oldest reason, known exactly or not."""
    tree = b.all(b.any(lapsed("x"), lapsed("y")), lapsed("z"))
    known = facts(x=[NOW - days(16)], y=[NOW - days(8)], z=[NOW - days(12)])
    assert evaluate(tree, known, NOW) == Verdict(matches=True, since=NOW - days(5))


def test_since_is_unknown_where_a_count_may_have_begun_later():
    """Two within 10 days hold since the newest event at the latest, not since the second."""
    enough = b.event("x").within(days(10)).at_least(2)
    tree = b.all(enough, b.event("y").within(days(2)).not_exists())
    known = facts(x=[NOW - hours(1), NOW - days(9)], y=[NOW - days(3)])
    assert evaluate(tree, known, NOW) == Verdict(matches=True, flips_at=NOW + days(1))
    known = facts(x=[NOW - days(2), NOW - days(9)], y=[NOW - days(3)])
    assert evaluate(tree, known, NOW).since == NOW - days(1)


def test_since_is_unknown_where_filtered_events_were_not_read():
    """Beyond the horizon of a filtered slot there may have been one that counted."""
    paid = b.event("order").where(b.prop("total").gt(5)).within(days(30))
    tree = b.all(lapsed("x"), paid.not_exists())
    assert evaluate(tree, facts(x=[NOW - days(9)]), NOW) == Verdict(matches=True)


def test_an_and_that_fails_waits_for_the_last_of_its_failing_children():
    """Both must flip before it can hold, so it is looked at once, not twice."""
    early, late = b.prop("x").older_than(days(1)), b.prop("y").older_than(days(5))
    properties = {"x": "2026-03-01", "y": "2026-03-01"}
    assert judge(b.all(early, late), properties=properties).flips_at == NOW + days(5)
    assert judge(b.any(early, late), properties=properties).flips_at == NOW + days(1)


def test_an_and_that_fails_for_good_never_flips():
    """A child that no clock can mend keeps the rest from being waited for."""
    tree = b.all(b.prop("plan").eq("pro"), ACTIVE.within(days(7)).exists())
    assert judge(tree, NOW) == Verdict(matches=False)


def test_not_keeps_the_instants():
    """The opposite flips when the condition does, and has been since the same instant."""
    tree = b.not_(ACTIVE.within(days(7)).exists())
    assert judge(tree, NOW) == Verdict(matches=False, flips_at=NOW + days(7))
    assert judge(tree, NOW - days(9)) == Verdict(matches=True, since=NOW - days(2))
    assert judge(b.not_(b.not_(tree)), NOW - days(9)) == judge(tree, NOW - days(9))


def test_windows_past_the_end_of_time_never_end():
    """Nothing overflows."""
    late = datetime(9999, 12, 31, tzinfo=UTC)
    tree = ACTIVE.within(days(36_000)).exists()
    assert judge(tree, late, now=late) == Verdict(matches=True)


def test_more_facts_than_needed_change_nothing():
    """A reader may hand over the newest of any depth."""
    tree = b.event("active").within(days(10)).at_least(2)
    times = [NOW - days(day) for day in range(1, 9)]
    assert judge(tree, *times) == judge(tree, *times[:2])


def test_slots_say_which_facts_are_needed():
    """One per event name and where, as deep as the deepest leaf needs."""
    paid = b.event("order").where(b.prop("total").gt(5))
    tree = b.any(
        b.event("order").at_least(3),
        b.event("order").within(days(1)).exactly(4),
        paid.within(days(1)).exists(),
        paid.within(days(9)).not_exists(),
        b.event("seen").at_least(0),
    )
    where = (PropertyCondition(property="total", operator=PropertyOperator.GT, value=5),)
    assert compile(tree).slots == (
        SlotDepth(slot=Slot(event_name="order"), depth=5),
        SlotDepth(slot=Slot(event_name="order", where=where), depth=1, horizon=days(9)),
    )


def test_a_filter_that_looks_at_all_time_has_no_horizon():
    """One leaf without a window, and older events matter."""
    paid = b.event("order").where(b.prop("total").gt(5))
    (needed,) = compile(b.all(paid.exists(), paid.within(days(9)).not_exists())).slots
    assert needed.horizon is None


def test_slots_do_not_confuse_one_and_true():
    """Filters on 1, 1.0 and True are three slots."""
    leaves = [b.event("a").where(b.prop("x").eq(value)).exists() for value in (1, True, 1.0, 1)]
    assert len(compile(b.all(*leaves)).slots) == 3
