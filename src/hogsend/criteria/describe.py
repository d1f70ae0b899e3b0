"""Trees in plain English: "did key.action at least 10 times in the last 30 days"."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Final

from hogsend.criteria.ast import (
    Check,
    CompositeCondition,
    CountOperator,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
    PropertyValue,
    Scalar,
)
from hogsend.criteria.operators import OPERATORS, Takes
from hogsend.durations import describe_duration

_COMPARISONS: Final = {
    CountOperator.GTE: "at least",
    CountOperator.GT: "more than",
    CountOperator.LTE: "at most",
    CountOperator.LT: "fewer than",
    CountOperator.EQ: "exactly",
}
_PLAIN: Final = re.compile(r"[\w.:/-]+")


def describe(criteria: Criteria) -> str:
    """What a contact must be or have done to match."""
    match criteria:
        case PropertyCondition():
            return describe_property(criteria)
        case EventCondition():
            return _event(criteria)
        case NotCondition():
            return f"not ({describe(criteria.condition)})"
        case CompositeCondition():
            return f" {criteria.operator} ".join(_part(child) for child in criteria.conditions)


def describe_property(condition: PropertyCondition) -> str:
    """What a property must be."""
    operator = OPERATORS[condition.operator]
    value = _value(condition.value, operator.takes)
    return operator.phrase.format(name=describe_name(condition.property), value=value)


def _part(child: Criteria) -> str:
    several = isinstance(child, CompositeCondition) and len(child.conditions) > 1
    return f"({describe(child)})" if several else describe(child)


def describe_events(condition: EventCondition) -> str:
    """Which events count: ``order.placed (total is at least 50)``."""
    events = describe_name(condition.event_name)
    if condition.where:
        events += f" ({', '.join(map(describe_property, condition.where))})"
    return events


def describe_window(condition: EventCondition) -> str:
    """`` in the last 7 days``, or nothing without a window."""
    if condition.within is None:
        return ""
    return f" in the last {describe_duration(condition.within).removeprefix('1 ')}"


def describe_name(name: str) -> str:
    """An event's name or a property's key, quoted where it is not plain."""
    return name if _PLAIN.fullmatch(name) else _quoted(name)


def _event(condition: EventCondition) -> str:
    events, window = describe_events(condition), describe_window(condition)
    match condition.check:
        case Check.EXISTS:
            return f"did {events}{window}"
        case Check.NOT_EXISTS:
            return f"did not do {events}{window}" if window else f"never did {events}"
        case Check.COUNT:
            compared = _COMPARISONS[condition.operator or CountOperator.GTE]
            return f"did {events} {compared} {_count(condition.value or 0)}{window}"


def _count(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _value(value: PropertyValue, takes: Takes) -> str:
    match value:
        case timedelta():
            return describe_duration(value)
        case tuple():
            return _listed([_quoted(each) for each in value])
        case None:
            return ""
        case _:
            return str(value) if takes is Takes.DATE else _quoted(value)


def _quoted(value: Scalar) -> str:
    return json.dumps(value, ensure_ascii=False)


def _listed(values: list[str]) -> str:
    if len(values) == 1:
        return values[0]
    return f"{', '.join(values[:-1])} or {values[-1]}"
