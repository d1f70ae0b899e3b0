"""The instants of a verdict: flips_at is never late, since is never wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.criteria.strategies import (
    MICROSECOND,
    SOAK,
    Case,
    batches,
    examples,
    properties,
    trees,
)
from tests.property.criteria.test_equivalence import judge_in_memory
from tests.property.oracle import date, holds, instant_at, microseconds

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def durations_of(tree: Criteria) -> Iterator[timedelta]:
    match tree:
        case EventCondition(within=timedelta() as window):
            yield window
        case PropertyCondition(value=timedelta() as distance):
            yield distance
        case NotCondition():
            yield from durations_of(tree.condition)
        case CompositeCondition():
            for child in tree.conditions:
                yield from durations_of(child)


def critical_instants(tree: Criteria, case: Case) -> list[datetime]:
    """Every instant at which anything could change, and its neighbours, in order."""
    times = [microseconds(event.at) for event in case.happened]
    times += [found for value in case.properties.values() if (found := date(value)) is not None]
    steps = {0, *(window // MICROSECOND for window in durations_of(tree))}
    near = {
        time + sign * step + nudge
        for time in times
        for step in steps
        for sign in (1, -1)
        for nudge in (-1, 0, 1)
    }
    found = (instant_at(number) for number in sorted(near))
    return [instant for instant in found if instant is not None]


def frozen(case: Case) -> Case:
    """The case if nothing happens after its instant."""
    return Case(properties=case.properties, history=case.happened, now=case.now)


def check_flips(tree: Criteria, case: Case) -> None:
    """``matches`` is constant until ``flips_at``; from flip to flip the end is reached."""
    case = frozen(case)
    verdict = judge_in_memory(tree, case)
    for instant in critical_instants(tree, case):
        while verdict.flips_at is not None and verdict.flips_at <= instant:
            assert verdict.flips_at > case.now
            case = Case(properties=case.properties, history=case.history, now=verdict.flips_at)
            verdict = judge_in_memory(tree, case)
        if instant > case.now:
            assert holds(tree, case.properties, case.history, instant) is verdict.matches
    assert verdict.flips_at is None


def check_since(tree: Criteria, case: Case, earlier: dict, until: datetime) -> None:
    """It has held from ``since`` on, and not just before, whatever the properties were."""
    since = judge_in_memory(tree, case).since
    if since is None:
        return

    def held(instant: datetime) -> bool:
        known = earlier if instant < until and instant < case.now else case.properties
        return holds(tree, known, case.history, instant)

    assert since <= case.now
    assert not held(since - MICROSECOND)
    between = [each for each in critical_instants(tree, case) if since <= each <= case.now]
    assert all(held(instant) for instant in [since, *between, case.now])


@given(tree=trees(), batch=batches(), earlier=properties, step=st.integers(-20, 20))
@examples(250)
def test_instants(tree, batch, earlier, step):
    """Between now and flips_at nothing changes; from since to now nothing changed."""
    for case in batch:
        check_flips(tree, case)
        check_since(tree, case, earlier, case.now + timedelta(minutes=step))


@pytest.mark.soak
@pytest.mark.timeout(3600)
@given(tree=trees(), batch=batches(), earlier=properties, step=st.integers(-20, 20))
@examples(SOAK)
def test_instants_for_long(tree, batch, earlier, step):
    """The same, twenty thousand times."""
    for case in batch:
        check_flips(tree, case)
        check_since(tree, case, earlier, case.now + timedelta(minutes=step))
