"""What the static analysis promises is true of every tree, history and clock."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.criteria.strategies import (
    SOAK,
    Case,
    batches,
    examples,
    instants,
    properties,
    trees,
)
from tests.property.criteria.test_equivalence import judge_in_memory
from tests.property.criteria.test_instants import critical_instants, frozen
from tests.property.oracle import Event, holds

from hogsend.criteria.analyze import Direction, analyze
from hogsend.criteria.blocking import blocked_for

_news = st.builds(
    Event, name=st.sampled_from(["a", "a", "b"]), at=instants, properties=st.just({}) | properties
)


def outcomes(tree, case):
    """Whether the tree holds at each critical instant from now on, if nothing happens."""
    future = [case.now, *(at for at in critical_instants(tree, case) if at > case.now)]
    return [(at, holds(tree, case.properties, case.history, at)) for at in future]


def check_direction(tree, case, event):
    """One more event moves the tree, now and ever after, in its direction only."""
    direction = analyze(tree).events.get(event.name)
    richer = Case(properties=case.properties, history=[*case.history, event], now=case.now)
    for at, after in outcomes(tree, richer):
        before = holds(tree, case.properties, case.history, at)
        if before != after:
            assert direction in {Direction.BOTH, Direction.JOIN if after else Direction.LEAVE}


def check_blocking(tree, case, event):
    """While an event blocks, nothing makes the tree hold."""
    duration = blocked_for(tree).get(event.name)
    if duration is not None:
        richer = Case(properties=case.properties, history=[*case.history, event], now=case.now)
        for at, outcome in outcomes(tree, richer):
            assert not outcome or at < event.at or event.at + duration <= at


def check_clock(tree, case):
    """What is not time based never flips; the clock joins only where it is said to."""
    analysis = analyze(tree)
    found = [outcome for _, outcome in outcomes(tree, case)]
    if not analysis.time_based:
        assert judge_in_memory(tree, case).flips_at is None
        assert len(set(found)) == 1
    if not analysis.clock_joins:
        assert found == sorted(found, reverse=True)


def check_properties(tree, case, other):
    """Keys that the tree does not read do not matter."""
    read = analyze(tree).properties
    mixed = {key: value for key, value in case.properties.items() if key in read}
    mixed |= {key: value for key, value in other.items() if key not in read}
    found = Case(properties=mixed, history=case.history, now=case.now)
    assert judge_in_memory(tree, found) == judge_in_memory(tree, case)


def check_analysis(tree, batch, event, other):
    nobody = Case(properties={}, history=[], now=batch[0].now)
    assert analyze(tree).matches_empty is holds(tree, {}, [], nobody.now)
    for case in map(frozen, batch):
        check_direction(tree, case, event)
        check_blocking(tree, case, event)
        check_clock(tree, case)
        check_properties(tree, case, other)


@given(tree=trees(), batch=batches(), event=_news, other=properties)
@examples(150)
def test_analysis_is_sound(tree, batch, event, other):
    """Directions, blocking, the clock, the properties and the empty contact."""
    check_analysis(tree, batch, event, other)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@given(tree=trees(), batch=batches(), event=_news, other=properties)
@examples(SOAK)
def test_analysis_is_sound_for_long(tree, batch, event, other):
    """The same, twenty thousand times."""
    check_analysis(tree, batch, event, other)
