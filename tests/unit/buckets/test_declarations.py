"""What ``define_bucket`` checks besides criteria and durations."""

from __future__ import annotations

import pytest

from hogsend.buckets.definition import define_bucket
from hogsend.buckets.registry import Registry
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


def test_a_synced_bucket_has_a_property_of_its_own():
    """Named after the bucket unless it is said; two buckets never share one."""
    assert not bucket().meta.sync_to_posthog
    assert bucket(sync_to_posthog=True).meta.posthog_property == "hogsend_bucket_b"
    named = bucket(sync_to_posthog=True, posthog_property_key="is_pro")
    assert named.meta.posthog_property == "is_pro"
    with pytest.raises(DefinitionError, match="posthog_property_key needs sync_to_posthog=True"):
        bucket(posthog_property_key="is_pro")
    for wrong in ("", "$set", "a\nb", 3):
        with pytest.raises(DefinitionError, match="must be 1 to 200 characters"):
            bucket(sync_to_posthog=True, posthog_property_key=wrong)
    other = define_bucket(
        id="c",
        name="C",
        criteria=lambda b: b.prop("plan").exists(),
        sync_to_posthog=True,
        posthog_property_key="is_pro",
    )
    with pytest.raises(DefinitionError, match="buckets 'b', 'c' sync to one PostHog property"):
        Registry([named, other])
