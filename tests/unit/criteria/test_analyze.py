"""Static analysis: what can move a tree, and where to."""

from __future__ import annotations

import pytest

from hogsend.criteria.analyze import Direction, analyze
from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.slots import Slot
from hogsend.durations import days

b = CriteriaBuilder()
SEEN = b.event("seen")
RECENT = SEEN.within(days(7))


@pytest.mark.parametrize(
    ("tree", "direction"),
    [
        (SEEN.exists(), Direction.JOIN),
        (SEEN.not_exists(), Direction.LEAVE),
        (RECENT.exists(), Direction.JOIN),
        (RECENT.not_exists(), Direction.LEAVE),
        (SEEN.at_least(3), Direction.JOIN),
        (SEEN.more_than(3), Direction.JOIN),
        (SEEN.at_most(3), Direction.LEAVE),
        (SEEN.less_than(3), Direction.LEAVE),
        (SEEN.exactly(3), Direction.BOTH),
        (SEEN.exactly(0), Direction.LEAVE),
        (b.not_(SEEN.exists()), Direction.LEAVE),
        (b.not_(b.not_(SEEN.exists())), Direction.JOIN),
        (b.not_(SEEN.exactly(3)), Direction.BOTH),
        (b.all(SEEN.exists(), RECENT.not_exists()), Direction.BOTH),
        (b.any(SEEN.exists(), RECENT.at_least(9)), Direction.JOIN),
        (SEEN.where(b.prop("x").neq(1)).exists(), Direction.JOIN),
        (SEEN.at_least(0), None),
        (SEEN.less_than(0), None),
    ],
)
def test_direction_of_an_event(tree, direction):
    """More events raise counts; what they do to the tree depends on comparison and nots."""
    assert analyze(tree).events.get("seen") is direction


@pytest.mark.parametrize(
    ("tree", "time_based", "clock_joins"),
    [
        (SEEN.exists(), False, False),
        (SEEN.not_exists(), False, False),
        (b.prop("x").eq(1), False, False),
        (b.prop("x").before("2026-01-01"), False, False),
        (RECENT.exists(), True, False),
        (RECENT.at_least(3), True, False),
        (RECENT.not_exists(), True, True),
        (RECENT.at_most(3), True, True),
        (RECENT.less_than(3), True, True),
        (RECENT.exactly(3), True, True),
        (RECENT.at_least(0), False, False),
        (b.not_(RECENT.exists()), True, True),
        (b.not_(RECENT.not_exists()), True, False),
        (b.all(SEEN.exists(), RECENT.not_exists()), True, True),
        (b.prop("x").within_next(days(1)), True, True),
        (b.prop("x").within_last(days(1)), True, True),
        (b.prop("x").older_than(days(1)), True, True),
        (b.not_(b.prop("x").older_than(days(1))), True, False),
        (b.not_(b.prop("x").within_last(days(1))), True, True),
    ],
)
def test_what_the_clock_can_do(tree, time_based, clock_joins):
    """The clock joins where events leave a window that must be empty, and at dates."""
    analysis = analyze(tree)
    assert (analysis.time_based, analysis.clock_joins) == (time_based, clock_joins)


@pytest.mark.parametrize(
    ("tree", "matches"),
    [
        (SEEN.exists(), False),
        (SEEN.not_exists(), True),
        (RECENT.not_exists(), True),
        (RECENT.at_most(3), True),
        (SEEN.at_least(0), True),
        (b.prop("x").neq(1), True),
        (b.prop("x").not_exists(), True),
        (b.prop("x").within_last(days(1)), False),
        (b.all(b.prop("x").exists(), SEEN.not_exists()), False),
        (b.any(b.prop("x").exists(), SEEN.not_exists()), True),
    ],
)
def test_whether_a_brand_new_contact_matches(tree, matches):
    """A contact of whom nothing is known."""
    assert analyze(tree).matches_empty is matches


def test_properties_and_slots_are_named():
    """The contact's keys, not those of the events; each slot with its depth."""
    tree = b.all(
        b.prop("plan").eq("pro"),
        b.not_(b.prop("trial").exists()),
        SEEN.where(b.prop("path").eq("/")).exactly(2),
    )
    analysis = analyze(tree)
    assert analysis.properties == {"plan", "trial"}
    (slot,) = analysis.slots
    assert (slot.event_name, analysis.slots[slot]) == ("seen", 3)
    assert slot != Slot(event_name="seen")
