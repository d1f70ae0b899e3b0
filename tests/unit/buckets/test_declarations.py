"""What ``define_bucket`` checks besides criteria and durations."""

from __future__ import annotations

import pytest

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days
from hogsend.errors import DefinitionError


def bucket(**arguments):
    given = {"criteria": lambda b: b.prop("plan").eq("pro")} | arguments
    return define_bucket(id="b", name="B", **given)


def windowed(b):
    return b.event("act").within(days(1)).exists()


def test_time_based_follows_from_the_rest():
    """It need not be said, and what is said is checked."""
    assert not bucket().meta.time_based
    assert bucket(max_dwell=days(1), time_based=True).meta.time_based
    assert bucket(criteria=windowed, time_based=True).meta.time_based
    with pytest.raises(DefinitionError, match=r"time_based=True, but nothing .* leave it out"):
        bucket(time_based=True)
    with pytest.raises(DefinitionError, match="time_based=False, but a window"):
        bucket(criteria=windowed, time_based=False)


def test_only_criteria_say_who_is_in():
    """A manual bucket does not exist yet; the message says what does instead."""
    assert bucket(kind="dynamic").meta.kind == "dynamic"
    with pytest.raises(DefinitionError, match=r"kind='manual' does not exist yet; .*b\.prop"):
        bucket(kind="manual")
    with pytest.raises(DefinitionError, match="kind must be 'dynamic'; got 'static'"):
        bucket(kind="static")


def test_reconcile_every_is_a_duration():
    """Like every other one."""
    assert bucket(reconcile_every=days(1)).meta.reconcile_every == days(1)
    with pytest.raises(DefinitionError, match="reconcile_every must be a positive duration"):
        bucket(reconcile_every=days(0))
