"""How long an event keeps criteria from holding, whatever else is true.

"Nothing within 7 days" cannot hold for 7 days after an event. So an event of an active user need
not be evaluated against a dormancy bucket, as long as its timer fires before that time is over.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeAlias

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    Logic,
    NotCondition,
    PropertyCondition,
)
from hogsend.criteria.slots import count_range

FOREVER: Final = timedelta(days=36_525)

Times: TypeAlias = dict[str, timedelta]


def blocked_for(criteria: Criteria) -> Times:
    """For how long after an event the criteria surely do not hold, by event name.

    Names that block nothing are left out, and so are events that count only ``where`` something
    holds.
    """
    return _certain(criteria, holds=False)


def _certain(criteria: Criteria, *, holds: bool) -> Times:
    """For how long after an event a node surely ``holds`` (or surely does not)."""
    match criteria:
        case PropertyCondition():
            return {}
        case EventCondition():
            return _certain_leaf(criteria, holds=holds)
        case NotCondition():
            return _certain(criteria.condition, holds=not holds)
        case CompositeCondition():
            children = [_certain(child, holds=holds) for child in criteria.conditions]
            one_is_enough = (criteria.operator is Logic.OR) is holds
            return _longest(children) if one_is_enough else _shortest(children)


def _certain_leaf(leaf: EventCondition, *, holds: bool) -> Times:
    low, high = count_range(leaf)
    certain = (low <= 1 and high is None) if holds else (high is not None and high <= 1)
    if leaf.where or not certain:
        return {}
    return {leaf.event_name: min(leaf.within or FOREVER, FOREVER)}


def _longest(children: list[Times]) -> Times:
    times: Times = {}
    for child in children:
        for name, duration in child.items():
            times[name] = max(duration, times.get(name, duration))
    return times


def _shortest(children: list[Times]) -> Times:
    shared = set.intersection(*(set(child) for child in children)) if children else set()
    return {name: min(child[name] for child in children) for name in shared}
