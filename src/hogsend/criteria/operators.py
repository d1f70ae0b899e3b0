"""The property operators: one object each, which knows everything about it.

A missing property and one that is null are the same to every operator. No value is coerced:
``"5"`` is not 5, and True is not 1. Numbers compare by their decimal value (1 is 1.0), texts by
their code points.

An ``Operator`` compares the property with the criterion's value and cannot change by itself. A
``ClockOperator`` compares a date with the clock: it holds during one span of time.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from hogsend.criteria.ast import PropertyOperator
from hogsend.criteria.dates import FIRST, LAST, date_sql, parse_date

Test: TypeAlias = Callable[[Any], bool]
"""Whether a property's value (None when missing) passes."""

Bind: TypeAlias = Callable[[object], str]
"""Takes a parameter's value (text, list of texts, int) and returns its placeholder."""

Span: TypeAlias = tuple[datetime, datetime]
SpanSql: TypeAlias = tuple[str, str | None]


class Takes(StrEnum):
    """What an operator compares with."""

    NOTHING = "nothing"
    SCALAR = "scalar"
    NUMBER = "number"
    TEXT = "text"
    VALUES = "values"
    DATE = "date"
    DURATION = "duration"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An operator whose outcome only a changed property can change.

    Attributes:
        takes: The kind of value it compares with.
        excludes: It holds for a contact who does not have the property.
        phrase: Its English, with ``{name}`` and ``{value}``.
        test: Makes the test for a criterion's value.
        sql: The same test on a jsonb expression, never NULL and never raising.
    """

    takes: Takes
    phrase: str
    test: Callable[[Any], Test]
    sql: Callable[[str, Any, Bind], str]
    excludes: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockOperator:
    """An operator that compares a date with the clock; it takes a duration.

    Attributes:
        phrase: Its English, with ``{name}`` and ``{value}``.
        span: From the date and the duration, the instants from which it holds and at which
            it stops to; ``FIRST`` is always, ``LAST`` never.
        span_sql: The same on SQL expressions; None is never.
        ends: The span has an end.
    """

    phrase: str
    span: Callable[[datetime, timedelta], Span]
    span_sql: Callable[[str, str], SpanSql]
    ends: bool
    takes: Takes = Takes.DURATION
    excludes: bool = False


_DOUBLE_IS_EXACT: Final = 2**53
_NUMBERS: Final = (int, float)


def _is_number(found: Any) -> bool:
    if not isinstance(found, _NUMBERS) or isinstance(found, bool):
        return False
    return found == found  # noqa: PLR0124 - NaN is not a number


def _exact(number: float) -> Decimal:
    """The number that its JSON text names; PostgreSQL compares the same."""
    return Decimal(number) if isinstance(number, int) else Decimal(repr(number))


def _compares(relation: Callable[[Any, Any], bool]) -> Callable[[Any], Test]:
    def make(value: float) -> Test:
        if abs(value) <= _DOUBLE_IS_EXACT:
            return lambda found: _is_number(found) and relation(found, value)
        exact = _exact(value)
        return lambda found: _is_number(found) and relation(_exact(found), exact)

    return make


_equals_number = _compares(operator.eq)


def _equals(value: str | float | bool) -> Test:  # noqa: FBT001 - a JSON value
    if isinstance(value, bool):
        return lambda found: found is value
    if isinstance(value, str):
        return lambda found: bool(found == value)
    return _equals_number(value)


def _contains(value: str | float | bool) -> Test:  # noqa: FBT001 - a JSON value
    equals = _equals(value)

    def test(found: Any) -> bool:
        if isinstance(found, str):
            return isinstance(value, str) and value in found
        return isinstance(found, list) and any(map(equals, found))

    return test


def _is_in(values: tuple[Any, ...]) -> Test:
    tests = tuple(map(_equals, values))
    return lambda found: any(test(found) for test in tests)


def _negated(make: Callable[[Any], Test]) -> Callable[[Any], Test]:
    def make_negated(value: Any) -> Test:
        test = make(value)
        return lambda found: not test(found)

    return make_negated


def _text_test(relation: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    return lambda value: lambda found: isinstance(found, str) and relation(found, value)


def _date_test(relation: Callable[[Any, Any], bool]) -> Callable[[Any], Test]:
    def make(value: str) -> Test:
        limit = parse_date(value)

        def test(found: Any) -> bool:
            date = parse_date(found)
            return date is not None and bool(relation(date, limit))

        return test

    return make


# Parameters are texts that the statement casts, so that it works with any codec for jsonb.
# None of these relies on AND to guard a cast: PostgreSQL may evaluate either side first.


def _json(value: object, bind: Bind) -> str:
    return f"{bind(json.dumps(value, ensure_ascii=False))}::text::jsonb"


def _equality_sql(comparison: str) -> Callable[[str, Any, Bind], str]:
    return lambda found, value, bind: f"({found} {comparison} {_json(value, bind)})"


def _number_sql(comparison: str) -> Callable[[str, Any, Bind], str]:
    def sql(found: str, value: Any, bind: Bind) -> str:
        compared = f"{found} {comparison} {_json(value, bind)}"
        return f"coalesce(jsonb_typeof({found}) = 'number' and {compared}, false)"

    return sql


def _set_sql(found: str) -> str:
    return f"coalesce(jsonb_typeof({found}) <> 'null', false)"


def _in_sql(found: str, values: tuple[Any, ...], bind: Bind) -> str:
    listed = bind([json.dumps(value, ensure_ascii=False) for value in values])
    return f"coalesce({found} = any({listed}::text[]::jsonb[]), false)"


def _contains_sql(found: str, value: Any, bind: Bind) -> str:
    inside = "false"
    if isinstance(value, str):
        inside = f"strpos(({found} #>> '{{}}') collate \"C\", {bind(value)}::text) > 0"
    return (
        f"(case jsonb_typeof({found}) when 'string' then {inside} "
        f"when 'array' then {found} @> {_json(value, bind)} else false end)"
    )


def _text_sql(relation: str) -> Callable[[str, Any, Bind], str]:
    def sql(found: str, value: Any, bind: Bind) -> str:
        text = f"({found} #>> '{{}}') collate \"C\""
        related = relation.format(text=text, value=f"{bind(value)}::text")
        return f"coalesce(jsonb_typeof({found}) = 'string' and {related}, false)"

    return sql


def _date_test_sql(comparison: str) -> Callable[[str, Any, Bind], str]:
    def sql(found: str, value: Any, bind: Bind) -> str:
        limit = str(parse_date(value))
        return f"coalesce({date_sql(found)} {comparison} {bind(limit)}::text::timestamptz, false)"

    return sql


def _later(date: datetime, duration: timedelta) -> datetime:
    try:
        return date + duration
    except OverflowError:
        return LAST


def _earlier(date: datetime, duration: timedelta) -> datetime:
    try:
        return date - duration
    except OverflowError:
        return FIRST


OPERATORS: Final[Mapping[PropertyOperator, Operator | ClockOperator]] = MappingProxyType(
    {
        PropertyOperator.EQ: Operator(
            takes=Takes.SCALAR,
            phrase="{name} is {value}",
            test=_equals,
            sql=_equality_sql("is not distinct from"),
        ),
        PropertyOperator.NEQ: Operator(
            takes=Takes.SCALAR,
            phrase="{name} is not {value}",
            test=_negated(_equals),
            sql=_equality_sql("is distinct from"),
            excludes=True,
        ),
        PropertyOperator.GT: Operator(
            takes=Takes.NUMBER,
            phrase="{name} is more than {value}",
            test=_compares(operator.gt),
            sql=_number_sql(">"),
        ),
        PropertyOperator.GTE: Operator(
            takes=Takes.NUMBER,
            phrase="{name} is at least {value}",
            test=_compares(operator.ge),
            sql=_number_sql(">="),
        ),
        PropertyOperator.LT: Operator(
            takes=Takes.NUMBER,
            phrase="{name} is less than {value}",
            test=_compares(operator.lt),
            sql=_number_sql("<"),
        ),
        PropertyOperator.LTE: Operator(
            takes=Takes.NUMBER,
            phrase="{name} is at most {value}",
            test=_compares(operator.le),
            sql=_number_sql("<="),
        ),
        PropertyOperator.EXISTS: Operator(
            takes=Takes.NOTHING,
            phrase="{name} is set",
            test=lambda _: lambda found: found is not None,
            sql=lambda found, _value, _bind: _set_sql(found),
        ),
        PropertyOperator.NOT_EXISTS: Operator(
            takes=Takes.NOTHING,
            phrase="{name} is not set",
            test=lambda _: lambda found: found is None,
            sql=lambda found, _value, _bind: f"(not {_set_sql(found)})",
            excludes=True,
        ),
        PropertyOperator.CONTAINS: Operator(
            takes=Takes.SCALAR,
            phrase="{name} contains {value}",
            test=_contains,
            sql=_contains_sql,
        ),
        PropertyOperator.IN: Operator(
            takes=Takes.VALUES,
            phrase="{name} is one of {value}",
            test=_is_in,
            sql=_in_sql,
        ),
        PropertyOperator.NOT_IN: Operator(
            takes=Takes.VALUES,
            phrase="{name} is none of {value}",
            test=_negated(_is_in),
            sql=lambda found, values, bind: f"(not {_in_sql(found, values, bind)})",
            excludes=True,
        ),
        PropertyOperator.STARTS_WITH: Operator(
            takes=Takes.TEXT,
            phrase="{name} starts with {value}",
            test=_text_test(str.startswith),
            sql=_text_sql("starts_with({text}, {value})"),
        ),
        PropertyOperator.ENDS_WITH: Operator(
            takes=Takes.TEXT,
            phrase="{name} ends with {value}",
            test=_text_test(str.endswith),
            sql=_text_sql("right({text}, char_length({value})) = {value}"),
        ),
        PropertyOperator.BEFORE: Operator(
            takes=Takes.DATE,
            phrase="{name} is before {value}",
            test=_date_test(operator.lt),
            sql=_date_test_sql("<"),
        ),
        PropertyOperator.AFTER: Operator(
            takes=Takes.DATE,
            phrase="{name} is after {value}",
            test=_date_test(operator.gt),
            sql=_date_test_sql(">"),
        ),
        PropertyOperator.WITHIN_NEXT: ClockOperator(
            phrase="{name} is within the next {value}",
            span=lambda date, duration: (_earlier(date, duration), date),
            span_sql=lambda date, duration: (f"{date} - {duration}", date),
            ends=True,
        ),
        PropertyOperator.WITHIN_LAST: ClockOperator(
            phrase="{name} is within the last {value}",
            span=lambda date, duration: (date, _later(date, duration)),
            span_sql=lambda date, duration: (date, f"{date} + {duration}"),
            ends=True,
        ),
        PropertyOperator.OLDER_THAN: ClockOperator(
            phrase="{name} is at least {value} ago",
            span=lambda date, duration: (_later(date, duration), LAST),
            span_sql=lambda date, duration: (f"{date} + {duration}", None),
            ends=False,
        ),
    }
)
"""The operator of each name."""
