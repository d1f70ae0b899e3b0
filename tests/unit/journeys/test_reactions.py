"""The trigger tells which context a run has."""

from __future__ import annotations

import pytest

from hogsend import BUCKET_ENTERED, BUCKET_LEFT, define_bucket
from hogsend.journeys.context import JourneyContext
from hogsend.journeys.reactions import DwellContext, EnterContext, LeaveContext, context_class

trial = define_bucket(id="entered", name="T", criteria=lambda b: b.prop("plan").eq("trial"))


@pytest.mark.parametrize(
    ("trigger", "expected"),
    [
        (trial.entered, EnterContext),
        (trial.left, LeaveContext),
        ("bucket:dwell:entered:after-3-days", DwellContext),
        (BUCKET_ENTERED, EnterContext),
        (BUCKET_LEFT, LeaveContext),
        ("entered", JourneyContext),
        ("signed.up", JourneyContext),
        ("shop:entered:left", JourneyContext),
    ],
)
def test_the_context_is_of_the_trigger(trigger, expected):
    """Those of transitions have what a stay has."""
    assert context_class(trigger) is expected
