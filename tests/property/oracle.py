"""A second opinion on criteria: it filters and counts, and shares no code with the package.

Instants are whole microseconds since year 1, which Python never overflows.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
)

_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event of a contact's history."""

    name: str
    at: datetime
    properties: dict[str, Any]


def microseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // timedelta(microseconds=1)


def holds(tree: Criteria, properties: dict[str, Any], events: list[Event], now: datetime) -> bool:
    """Whether the tree holds at ``now``; events after it have not happened."""
    match tree:
        case PropertyCondition():
            return property_holds(tree, properties, microseconds(now))
        case EventCondition():
            return _compare(tree, _count(tree, events, now))
        case NotCondition():
            return not holds(tree.condition, properties, events, now)
        case CompositeCondition():
            outcomes = [holds(child, properties, events, now) for child in tree.conditions]
            return all(outcomes) if tree.operator == "and" else any(outcomes)


def passes(where: tuple[PropertyCondition, ...], properties: dict[str, Any]) -> bool:
    return all(property_holds(condition, properties, 0) for condition in where)


def _count(leaf: EventCondition, events: list[Event], now: datetime) -> int:
    at = microseconds(now)
    window = None if leaf.within is None else leaf.within // timedelta(microseconds=1)
    return sum(
        event.name == leaf.event_name
        and event.at <= now
        and (window is None or at < microseconds(event.at) + window)
        and passes(leaf.where, event.properties)
        for event in events
    )


def _compare(leaf: EventCondition, count: int) -> bool:  # noqa: PLR0911 - one per operator
    match str(leaf.check), leaf.operator and str(leaf.operator):
        case "exists", _:
            return count > 0
        case "not_exists", _:
            return count == 0
        case _, "gte":
            return count >= leaf.value
        case _, "gt":
            return count > leaf.value
        case _, "lte":
            return count <= leaf.value
        case _, "lt":
            return count < leaf.value
        case _, "eq":
            return count == leaf.value
    raise AssertionError(leaf)


def property_holds(  # noqa: PLR0911 - one per operator
    condition: PropertyCondition, properties: dict[str, Any], at: int
) -> bool:
    found, value = properties.get(condition.property), condition.value
    match str(condition.operator):
        case "eq":
            return _same(found, value)
        case "neq":
            return not _same(found, value)
        case "gt":
            return _numbers(found, value) and _number(found) > _number(value)
        case "gte":
            return _numbers(found, value) and _number(found) >= _number(value)
        case "lt":
            return _numbers(found, value) and _number(found) < _number(value)
        case "lte":
            return _numbers(found, value) and _number(found) <= _number(value)
        case "exists":
            return found is not None
        case "not_exists":
            return found is None
        case "contains" if type(found) is list:
            return any(_same(element, value) for element in found)
        case "contains":
            return type(found) is str and type(value) is str and found.find(value) >= 0
        case "in":
            return any(_same(found, one) for one in value)
        case "not_in":
            return not any(_same(found, one) for one in value)
        case "starts_with":
            return type(found) is str and found[: len(value)] == value
        case "ends_with":
            return (
                type(found) is str
                and found[len(found) - len(value) :] == value
                and (len(value) <= len(found))
            )
        case operator:
            return _date_holds(operator, date(found), value, at)


def _date_holds(operator: str, found: int | None, value: Any, at: int) -> bool:
    if found is None:
        return False
    if operator in {"before", "after"}:
        limit = date(value)
        return found < limit if operator == "before" else found > limit
    duration = value // timedelta(microseconds=1)
    match operator:
        case "within_next":
            return found - duration <= at < found
        case "within_last":
            return found <= at < found + duration
        case "older_than":
            return at >= found + duration
    raise AssertionError(operator)


def _kind(value: Any) -> str:
    return "number" if type(value) in {int, float} else type(value).__name__


def _number(value: Any) -> Fraction:
    return Fraction(value) if type(value) is int else Fraction(repr(value))


def _numbers(*values: Any) -> bool:
    return all(_kind(value) == "number" for value in values)


def _same(found: Any, value: Any) -> bool:
    if _kind(found) != _kind(value):
        return False
    return _number(found) == _number(value) if _numbers(found) else found == value


_DATE = re.compile(
    r"(\d\d\d\d)-(\d\d)-(\d\d)"
    r"(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(?:Z|([+-])(\d\d)(?::?(\d\d))?))?",
    re.ASCII,
)


def date(found: Any) -> int | None:
    """The instant that a text names, held to the years 1 to 9999."""
    matched = _DATE.fullmatch(found) if type(found) is str else None
    if matched is None:
        return None
    year, month, day = (int(matched[index]) for index in (1, 2, 3))
    hour, minute, second = (int(matched[index] or 0) for index in (4, 5, 6))
    offset_hours, offset_minutes = int(matched[9] or 0), int(matched[10] or 0)
    if not (year >= 1 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]):
        return None
    if hour > 23 or max(minute, second, offset_minutes) > 59 or offset_hours > 15:
        return None
    local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    fraction = int((matched[7] or "").ljust(6, "0")[:6])
    offset = (offset_hours * 60 + offset_minutes) * 60_000_000
    sign = -1 if matched[8] == "-" else 1
    return min(max(microseconds(local) + fraction - sign * offset, 0), _LAST)


def instant_at(number: int) -> datetime | None:
    """The instant so many microseconds into year 1, if there is one."""
    in_range = 0 < number < _LAST
    return _EPOCH + timedelta(microseconds=number) if in_range else None
