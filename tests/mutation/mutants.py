"""Ways to break the criteria language, one at a time."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from types import ModuleType
from typing import Any
from unittest import mock

from tests.property.criteria import judge
from tests.unit.criteria import test_dates, test_operators

from hogsend.criteria import (
    analyze,
    builder,
    dates,
    describe,
    evaluate,
    nodes,
    operators,
    parse,
    schema,
    slots,
    sql,
    validate,
)
from hogsend.criteria.ast import CountOperator, PropertyOperator
from hogsend.criteria.dates import FIRST, LAST
from hogsend.criteria.operators import OPERATORS, ClockOperator, Operator

_TICK = timedelta(microseconds=1)
_READERS = (
    analyze,
    builder,
    describe,
    evaluate,
    operators,
    parse,
    schema,
    sql,
    validate,
    test_operators,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A break, and where: ``part`` is what it breaks, such as ``sql`` or ``span``."""

    name: str
    part: str
    operator: PropertyOperator | None = None
    apply: Callable[[], contextlib.AbstractContextManager[None]]


def operator_mutants() -> list[Mutant]:
    """Each operator's evaluation, SQL and flip instants, broken in several ways."""
    return [
        _operator_mutant(name, part, how, broken)
        for name, operator in OPERATORS.items()
        for part, how, broken in _breaks(name, operator)
    ]


def _operator_mutant(
    name: PropertyOperator, part: str, how: str, broken: Operator | ClockOperator
) -> Mutant:
    return Mutant(
        name=f"{name}: {part} {how}",
        part=part,
        operator=name,
        apply=lambda: _with_operators({**OPERATORS, name: broken}),
    )


@contextlib.contextmanager
def _with_operators(changed: Mapping[PropertyOperator, Any]) -> Iterator[None]:
    evaluate.compiled_where.cache_clear()
    with contextlib.ExitStack() as stack:
        for module in _READERS:
            if hasattr(module, "OPERATORS"):
                stack.enter_context(mock.patch.object(module, "OPERATORS", changed))
        yield
    evaluate.compiled_where.cache_clear()


def _breaks(
    name: PropertyOperator, operator: Operator | ClockOperator
) -> Iterator[tuple[str, str, Operator | ClockOperator]]:
    yield "excludes", "negated", replace(operator, excludes=not operator.excludes)
    if isinstance(operator, ClockOperator):
        yield "ends", "negated", replace(operator, ends=not operator.ends)
        yield from _span_breaks(operator)
        yield from _span_sql_breaks(operator)
    else:
        yield from _test_breaks(name, operator)
        yield from _sql_breaks(name, operator)


def _test_breaks(name: PropertyOperator, operator: Operator) -> Iterator[tuple[str, str, Operator]]:
    yield "test", "negated", replace(operator, test=_negated(operator.test))
    yield "test", "always true", replace(operator, test=lambda _: lambda _: True)
    yield "test", "always false", replace(operator, test=lambda _: lambda _: False)
    yield "test", "coercing", replace(operator, test=_coercing(name, operator.test))
    for other in _NEIGHBOURS.get(name, ()):
        yield "test", f"of {other}", replace(operator, test=OPERATORS[other].test)


def _sql_breaks(name: PropertyOperator, operator: Operator) -> Iterator[tuple[str, str, Operator]]:
    def around(frame: str) -> Operator:
        return replace(operator, sql=lambda *given: frame.format(operator.sql(*given)))

    yield "sql", "negated", around("(not {})")
    yield "sql", "always true", around("({} or true)")
    yield "sql", "always false", around("({} and false)")
    yield "sql", "null for false", around("nullif({}, false)")
    for other in _NEIGHBOURS.get(name, ()):
        yield "sql", f"of {other}", replace(operator, sql=OPERATORS[other].sql)


_P = PropertyOperator
_NEIGHBOURS = {
    _P.EQ: (_P.NEQ, _P.CONTAINS),
    _P.NEQ: (_P.EQ,),
    _P.GT: (_P.GTE, _P.LT),
    _P.GTE: (_P.GT, _P.EQ),
    _P.LT: (_P.LTE, _P.GT),
    _P.LTE: (_P.LT, _P.EQ),
    _P.EXISTS: (_P.NOT_EXISTS,),
    _P.NOT_EXISTS: (_P.EXISTS,),
    _P.CONTAINS: (_P.EQ,),
    _P.IN: (_P.NOT_IN,),
    _P.NOT_IN: (_P.IN,),
    _P.STARTS_WITH: (_P.ENDS_WITH, _P.CONTAINS),
    _P.ENDS_WITH: (_P.STARTS_WITH, _P.CONTAINS),
    _P.BEFORE: (_P.AFTER,),
    _P.AFTER: (_P.BEFORE,),
}


def _negated(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: lambda found: not make(value)(found)


def _coercing(name: PropertyOperator, make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The lenient reading of a value: texts as numbers, one as true, case ignored."""

    def lenient(found: Any) -> Any:
        match found:
            case bool():
                return int(found)
            case str() if name in {_P.GT, _P.GTE, _P.LT, _P.LTE} and found.isdecimal():
                return int(found)
            case str():
                return found.lower().strip()
            case None:
                return ""
            case _:
                return found

    return lambda value: lambda found: make(value)(lenient(found))


def _span_breaks(operator: ClockOperator) -> Iterator[tuple[str, str, ClockOperator]]:
    def moved(start: timedelta, end: timedelta) -> Callable[..., Any]:
        def span(date: Any, duration: timedelta) -> Any:
            first, last = operator.span(date, duration)
            return first + start, last if last == LAST else last + end

        return span

    zero = timedelta(0)
    yield "span", "starts late", replace(operator, span=moved(_TICK, zero))
    yield "span", "starts early", replace(operator, span=moved(-_TICK, zero))
    yield "span", "always on", replace(operator, span=lambda date, by: (FIRST, LAST))
    if operator.ends:
        yield "span", "ends late", replace(operator, span=moved(zero, _TICK))
        yield "span", "ends early", replace(operator, span=moved(zero, -_TICK))


def _span_sql_breaks(operator: ClockOperator) -> Iterator[tuple[str, str, ClockOperator]]:
    def moved(start: str, end: str) -> Callable[..., Any]:
        def span_sql(date: str, duration: str) -> Any:
            first, last = operator.span_sql(date, duration)
            return f"{first} {start}", last and f"{last} {end}"

        return span_sql

    tick = "interval '1 microsecond'"
    yield "span_sql", "starts late", replace(operator, span_sql=moved(f"+ {tick}", ""))
    yield "span_sql", "starts early", replace(operator, span_sql=moved(f"- {tick}", ""))
    if operator.ends:
        yield "span_sql", "ends late", replace(operator, span_sql=moved("", f"+ {tick}"))
        yield "span_sql", "ends early", replace(operator, span_sql=moved("", f"- {tick}"))


def count_mutants() -> list[Mutant]:
    """Each comparison of a count, and the two checks, off by one at either end."""
    return [
        Mutant(
            name=f"{operator}: range moved by {low}, {high}",
            part="count",
            apply=lambda operator=operator, low=low, high=high: _with_ranges(operator, low, high),
        )
        for operator in [*CountOperator, None]
        for low, high in ((1, 0), (-1, 0), (0, 1), (0, -1))
        if not _is_idle(operator, low, high)
    ]


def _is_idle(operator: CountOperator | None, low: int, high: int) -> bool:
    rising = {CountOperator.GTE, CountOperator.GT}
    falling = {CountOperator.LTE, CountOperator.LT}
    return (bool(high) and operator in rising) or (bool(low) and operator in falling)


@contextlib.contextmanager
def _with_ranges(operator: CountOperator | None, low: int, high: int) -> Iterator[None]:
    right = slots.count_range

    def wrong(condition: Any) -> tuple[int, int | None]:
        first, last = right(condition)
        if condition.operator is not operator:
            return first, last
        if operator is None:
            return (first + low, last) if last is None else (first, last + high)
        return first + low, None if last is None else last + high

    with contextlib.ExitStack() as stack:
        for module in (slots, evaluate, sql, analyze):
            if hasattr(module, "count_range"):
                stack.enter_context(mock.patch.object(module, "count_range", wrong))
        yield


# Breaks of the kernel: module, the line as it is, and as it must not be.
_REWRITES = (
    (evaluate, "if now < until:", "if now <= until:"),
    (evaluate, "if now < until:", "if now < until + within:"),
    (evaluate, "times[last] + within", "times[0] + within"),
    (evaluate, "return holds, until, ALWAYS, times[0]", "return holds, NEVER, ALWAYS, times[0]"),
    (evaluate, "return holds, until, ALWAYS, times[0]", "return holds, until, until, until"),
    (evaluate, "return holds, until, ALWAYS, times[0]", "return holds, until, ALWAYS, times[-1]"),
    (evaluate, "NEVER, until if times[0] < until else ALWAYS, until", "NEVER, until, until"),
    (evaluate, "NEVER, until if times[0] < until else ALWAYS, until", "NEVER, ALWAYS, until"),
    (evaluate, "never if len(times) < count", "never if len(times) <= count"),
    (evaluate, "(holds, NEVER, ALWAYS, times[0])", "(holds, NEVER, times[0], times[0])"),
    (evaluate, "(holds, NEVER, ALWAYS, times[0])", "(holds, NEVER, ALWAYS, UNKNOWN)"),
    (evaluate, "UNKNOWN if condition.where else ALWAYS", "ALWAYS"),
    (evaluate, "UNKNOWN if condition.where else ALWAYS", "UNKNOWN"),
    (evaluate, "return not holds, flips_at, earliest", "return holds, flips_at, earliest"),
    (evaluate, "its_flip < flips_at", "its_flip > flips_at"),
    (evaluate, "its_earliest > earliest", "its_earliest < earliest"),
    (evaluate, "its_latest > latest", "its_latest < latest"),
    (evaluate, "max(flips_at for", "min(flips_at for"),
    (evaluate, "min(latest for", "max(latest for"),
    (evaluate, "earliest if others_began < earliest else ALWAYS", "earliest"),
    (evaluate, "earliest if others_began < earliest else ALWAYS", "ALWAYS"),
    (evaluate, "if now < start:", "if now <= start:"),
    (evaluate, "if now < end else fails", "if now <= end else fails"),
    (
        evaluate,
        "holds: State = (True, NEVER, ALWAYS, UNKNOWN)",
        "holds: State = (True, NEVER, ALWAYS, ALWAYS)",
    ),
    (sql, "e.occurred_at <= {self.now}", "e.occurred_at < {self.now}"),
    (sql, "e.occurred_at <= {self.now}", "true"),
    (sql, "e.event = {bind(condition.event_name)}::text", "true"),
    (sql, "order by e.occurred_at desc", "order by e.occurred_at"),
    (sql, "coalesce({now} < {until}, false)", "coalesce({now} <= {until}, false)"),
    (sql, "coalesce({now} < {until}, false)", "({now} < {until})"),
    (
        sql,
        "case when {now} < {until} then {until} else",
        "case when {now} < {until} then {now} else",
    ),
    (sql, "case when {times.sql}[1] < {until} then", "case when true then"),
    (sql, "coalesce({until}, {never_began.sql})", "coalesce({until}, {ALWAYS.sql})"),
    (sql, "interval '1 microsecond'", "interval '2 microseconds'"),
    (sql, "bind(needed.depth)", "bind(1)"),
    (sql, "CompositeCondition(operator=Logic.AND):", "CompositeCondition():"),
    (sql, "e.occurred_at > {self.now} - ", "e.occurred_at > {self.now} + "),
    (nodes, '"greatest", self._flips_at', '"least", self._flips_at'),
    (nodes, '_fold("least", self._flips_at)', '_fold("greatest", self._flips_at)'),
    (nodes, '_fold("greatest", known)', '_fold("least", known)'),
    (nodes, 'self._among("least", latest)', 'self._among("greatest", latest)'),
    (nodes, "coalesce({other} < {only}, true)", "true"),
    (nodes, "{number} = 1 and", ""),
    (nodes, 'f"(not {holds.sql})", holds.level', "holds.sql, holds.level"),
    (dates, "instant.astimezone(UTC)", "instant.replace(tzinfo=UTC)"),
)


def kernel_mutants() -> list[Mutant]:
    """Lines of evaluation and SQL, rewritten to be wrong."""
    return [
        Mutant(
            name=f"{module.__name__}: {right} -> {wrong}",
            part="kernel_sql" if module in {sql, nodes} else "kernel",
            apply=lambda module=module, right=right, wrong=wrong: _rewritten(module, right, wrong),
        )
        for module, right, wrong in _REWRITES
    ]


@contextlib.contextmanager
def _rewritten(module: ModuleType, right: str, wrong: str) -> Iterator[None]:
    """The functions of ``module`` as if its source had ``wrong`` where it has ``right``."""
    source = inspect.getsource(module)
    assert source.count(right) == 1, f"{right!r} is not one line of {module.__name__} any more"
    broken = ModuleType(module.__name__)
    exec(compile(source.replace(right, wrong), module.__file__, "exec"), broken.__dict__)
    with contextlib.ExitStack() as stack:
        for owner, name in _ENTRIES[module]:
            stack.enter_context(mock.patch.object(owner, name, getattr(broken, name)))
        yield


# Through which names the rest of the package, and the tests, enter each module.
_ENTRIES = {
    evaluate: ((evaluate, "_node"),),
    sql: ((judge, "compile_selection"),),
    nodes: ((sql, "junction"), (sql, "negated")),
    dates: ((evaluate, "parse_date"), (operators, "parse_date"), (test_dates, "parse_date")),
}
