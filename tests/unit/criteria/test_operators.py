"""Operators: what each means, that each has all its parts, and that nothing is coerced."""

from __future__ import annotations

import pytest
from tests.unit.criteria.examples import MISSING, clock_examples, examples

from hogsend.criteria.ast import Check, EventCondition, PropertyOperator
from hogsend.criteria.evaluate import Facts, Verdict, evaluate, where_holds
from hogsend.criteria.operators import OPERATORS, ClockOperator

_CASES = examples()
_CLOCK_CASES = clock_examples()
_NOW = _CLOCK_CASES[0].now


def _facts(case):
    return Facts(properties=case.properties, newest={})


@pytest.mark.parametrize("case", _CASES, ids=repr)
def test_operator_means_what_the_examples_say(case):
    """Every operator holds for exactly the values that its examples name."""
    verdict = evaluate(case.condition, _facts(case), _NOW)
    assert verdict == Verdict(matches=case.holds)
    assert where_holds((case.condition,), case.properties) is case.holds


@pytest.mark.parametrize("case", _CLOCK_CASES, ids=repr)
def test_clock_operator_holds_in_its_span_and_flips_at_its_ends(case):
    """To the microsecond; with no date it never holds and never flips."""
    verdict = evaluate(case.condition, _facts(case), case.now)
    assert verdict == Verdict(matches=case.holds, flips_at=case.flips_at)


def test_every_operator_has_examples_for_both_outcomes():
    """A new operator cannot be forgotten."""
    outcomes = {(case.operator, case.holds) for case in [*_CASES, *_CLOCK_CASES]}
    assert outcomes == {(name, holds) for name in PropertyOperator for holds in (True, False)}
    assert set(OPERATORS) == set(PropertyOperator)


def test_excludes_says_what_a_contact_without_the_property_gets():
    """``excludes`` is by definition the outcome for a missing property."""
    missing = [case for case in [*_CASES, *_CLOCK_CASES] if case.found is MISSING]
    assert {case.operator for case in missing} == set(PropertyOperator)
    for case in missing:
        assert OPERATORS[case.operator].excludes is case.holds


def test_ends_says_whether_the_clock_ends_what_it_began():
    """``ends`` is whether an example flips from holding to not holding."""
    ending = {case.operator for case in _CLOCK_CASES if case.holds and case.flips_at}
    for name, operator in OPERATORS.items():
        if isinstance(operator, ClockOperator):
            assert operator.ends is (name in ending)


def test_a_clock_operator_never_passes_in_where():
    """It is refused there; should one get by, it counts nothing."""
    case = next(case for case in _CLOCK_CASES if case.holds)
    assert not where_holds((case.condition,), case.properties)


def test_nan_is_not_a_number():
    """JSON has no NaN; should one get by, nothing compares with it."""
    for case in _CASES:
        if case.operator in {"eq", "gt", "gte", "lt", "lte"}:
            assert not where_holds((case.condition,), {"p": float("nan")})


def test_where_needs_all_of_its_conditions():
    """An event counts if it passes every condition of ``where``; none is no condition."""
    yes = next(case for case in _CASES if case.holds and case.properties)
    no = next(case for case in _CASES if not case.holds and case.properties == yes.properties)
    assert where_holds((), {})
    assert where_holds((yes.condition, yes.condition), yes.properties)
    assert not where_holds((yes.condition, no.condition), yes.properties)


def test_where_does_not_confuse_one_and_true():
    """``1`` and ``True`` are equal and hash alike in Python; the cached tests are not."""
    one, true = (
        next(case.condition for case in _CASES if case.operator == "eq" and case.value is value)
        for value in (1, True)
    )
    assert where_holds((one,), {"p": 1})
    assert not where_holds((true,), {"p": 1})
    assert where_holds((true,), {"p": True})
    leaf = EventCondition(event_name="a", check=Check.EXISTS, where=(one,))
    other = EventCondition(event_name="a", check=Check.EXISTS, where=(true,))
    assert leaf != other
