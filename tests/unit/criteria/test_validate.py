"""The rules for a bucket's criteria, each with its message."""

from __future__ import annotations

import pytest

from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.validate import validate
from hogsend.durations import days

b = CriteriaBuilder()
SEEN = b.event("seen")
RECENT = SEEN.within(days(7))
PLAN = b.prop("plan")


@pytest.mark.parametrize(
    "tree",
    [
        SEEN.not_exists(),
        SEEN.at_most(3),
        SEEN.less_than(3),
        SEEN.exactly(0),
        SEEN.at_least(0),
        PLAN.neq("pro"),
        PLAN.not_in("pro", "team"),
        PLAN.not_exists(),
        b.not_(SEEN.exists()),
        b.not_(PLAN.eq("pro")),
        b.not_(PLAN.contains("pro")),
        b.not_(PLAN.older_than(days(3))),
        b.all(SEEN.not_exists(), PLAN.neq("pro"), b.not_(b.all(PLAN.exists(), SEEN.exists()))),
        b.any(SEEN.not_exists(), PLAN.not_exists()),
    ],
)
def test_exclusions_only_are_refused(tree):
    """They would hold everyone of whom nothing is known."""
    (fault,) = validate(tree)
    assert fault.startswith("criteria: are exclusions only")
    assert "add a condition" in fault


@pytest.mark.parametrize(
    "tree",
    [
        SEEN.exists(),
        SEEN.exactly(3),
        RECENT.not_exists(),
        RECENT.at_most(3),
        RECENT.exactly(0),
        b.not_(RECENT.exists()),
        b.not_(RECENT.at_least(3)),
        b.not_(SEEN.not_exists()),
        b.not_(SEEN.exactly(0)),
        PLAN.eq("pro"),
        PLAN.older_than(days(3)),
        b.not_(PLAN.neq("pro")),
        b.not_(PLAN.not_exists()),
        b.all(PLAN.exists(), PLAN.neq("pro")),
        b.any(PLAN.eq("pro"), SEEN.not_exists()),
        b.all(SEEN.not_exists(), b.any(PLAN.neq("pro"), b.all(PLAN.not_exists(), SEEN.exists()))),
    ],
)
def test_one_anchor_is_enough(tree):
    """Wherever it stands; the absence of events in a window is one."""
    assert validate(tree) == []


def test_transition_events_are_refused():
    """Buckets do not follow from buckets."""
    tree = b.all(SEEN.exists(), b.not_(b.event("bucket:entered:vip").exists()))
    (fault,) = validate(tree)
    assert fault.startswith("conditions[1].condition.eventName: 'bucket:entered:vip' is an event")
    assert "repeat the other bucket's criteria" in fault


@pytest.mark.parametrize("window", [days(0), days(-1)])
def test_windows_that_hold_nothing_are_refused(window):
    """Zero and less, on events and on dates, each with its path."""
    tree = b.all(SEEN.within(window).exists(), PLAN.within_next(window), PLAN.older_than(days(1)))
    first, second = validate(tree)
    assert first.startswith("conditions[0].within: ")
    assert second.startswith("conditions[1].value: ")
    assert "write a duration longer than zero" in first


def test_all_faults_are_reported_at_once():
    """One message for each rule that is broken."""
    tree = b.not_(b.event("bucket:left").within(days(0)).not_exists())
    assert len(validate(b.all(tree, tree))) == 4
