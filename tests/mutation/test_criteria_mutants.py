"""Every way to break the criteria language is noticed by at least one test."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.criteria import test_sql
from tests.mutation.mutants import Mutant, count_mutants, kernel_mutants, operator_mutants
from tests.property.criteria.judge import Judge, open_judge
from tests.unit.criteria import test_analyze, test_dates, test_evaluate, test_operators

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_IN_MEMORY = [
    test
    for module in (test_operators, test_evaluate, test_analyze, test_dates)
    for name, test in vars(module).items()
    if name.startswith("test_")
]
_IN_SQL = {
    "sql": [test_sql.test_operators_mean_what_the_examples_say],
    "span_sql": [test_sql.test_clock_operators_hold_in_their_spans],
    "kernel_sql": [
        test_sql.test_sql_says_what_memory_says,
        test_sql.test_a_day_is_24_hours_when_the_clocks_change,
        test_sql.test_a_shut_gate_reads_no_events,
    ],
}
_TESTS = [*_IN_MEMORY, *(test for tests in _IN_SQL.values() for test in tests)]


@pytest.fixture(scope="module")
def judge(server: str) -> Iterator[Judge]:
    """Evaluates trees on PostgreSQL."""
    with open_judge(server) as opened:
        yield opened


def run(test: Callable[..., None], judge: Judge, operator: str | None = None) -> None:
    """A test with each of its parameters in turn, or with those about one operator."""
    fixtures = {"judge": judge} if "judge" in inspect.signature(test).parameters else {}
    for parameters in parameters_of(test):
        if operator is None or operators_in(parameters) & {operator, None}:
            test(**parameters, **fixtures)


def parameters_of(test: Callable[..., None]) -> list[dict[str, Any]]:
    (mark,) = getattr(test, "pytestmark", None) or (None,)
    if mark is None:
        return [{}]
    names, rows = mark.args
    if isinstance(names, str):
        return [{names: row} for row in rows]
    return [dict(zip(names, row, strict=True)) for row in rows]


def operators_in(parameters: dict[str, Any]) -> set[str | None]:
    """The operators of the examples among the parameters; None if there are no examples."""
    found = [parameters.get("case"), *parameters.get("group", ())]
    return {example.operator for example in found if example is not None} or {None}


def is_noticed(mutant: Mutant, judge: Judge) -> bool:
    with mutant.apply():
        for test in _IN_SQL.get(mutant.part, _IN_MEMORY):
            try:
                run(test, judge, mutant.operator)
            except AssertionError:
                return True
    return False


@pytest.mark.parametrize("test", _TESTS, ids=lambda test: test.__name__)
def test_nothing_is_noticed_while_nothing_is_broken(judge, test):
    """Else every mutant would be."""
    run(test, judge)


@pytest.fixture(autouse=True)
def no_diffs(monkeypatch):
    """Breaks fail by the hundred; nobody reads their diffs, and a large one takes minutes."""
    monkeypatch.setattr("_pytest.assertion.util._reprcompare", None)


@pytest.mark.parametrize("make", [operator_mutants, count_mutants, kernel_mutants])
def test_every_break_is_noticed(judge, make):
    """Evaluation, SQL and flip instants of each operator; counts; the kernel's lines."""
    mutants = make()
    assert [mutant.name for mutant in mutants if not is_noticed(mutant, judge)] == []
    assert len(mutants) > 10
