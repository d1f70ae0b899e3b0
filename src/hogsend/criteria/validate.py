"""What a well-formed tree must not be, as a bucket's criteria.

**Exclusions.** A condition is an exclusion if everyone of whom nothing is known fulfils it:
``neq``, ``not_in`` and ``not_exists`` of a property, the ``not`` of any other comparison, and
``not_exists``, ``at_most``, ``less_than`` or "exactly 0" of events ever. A bucket made of
nothing else would hold everyone but those excluded, so it needs one condition at least that
is none: an *anchor*. Falling counts with a window are anchors, though the unknown fulfil them
too: "not in the last 7 days" is how lapsed users are found, and the clock moves it. ``not``
turns an exclusion into an anchor. Where the anchor stands does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
)
from hogsend.criteria.operators import OPERATORS
from hogsend.criteria.slots import count_range

RESERVED_PREFIX: Final = "bucket:"
_ZERO: Final = timedelta(0)


def validate(criteria: Criteria) -> list[str]:
    """Every rule that the tree breaks: one message each, with the path and what to do."""
    faults = [fault for path, leaf in leaves(criteria) for fault in _leaf_faults(path, leaf)]
    if not _anchored(criteria, positive=True):
        faults.append(
            "criteria: are exclusions only, so everyone of whom nothing is known would match; "
            "add a condition that they must fulfil, such as b.event(…).exists() or "
            "b.prop(…).eq(…), or give the absence of events a window with .within(…)"
        )
    return faults


def leaves(
    criteria: Criteria, path: str = ""
) -> Iterator[tuple[str, PropertyCondition | EventCondition]]:
    """The leaves with their paths as in the JSON form; the root's own path is empty."""
    match criteria:
        case PropertyCondition() | EventCondition():
            yield path, criteria
        case NotCondition():
            yield from leaves(criteria.condition, _join(path, "condition"))
        case CompositeCondition():
            for index, child in enumerate(criteria.conditions):
                yield from leaves(child, _join(path, f"conditions[{index}]"))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _leaf_faults(path: str, leaf: PropertyCondition | EventCondition) -> Iterator[str]:
    if isinstance(leaf, PropertyCondition):
        if isinstance(leaf.value, timedelta) and leaf.value <= _ZERO:
            yield _not_positive(_join(path, "value"), leaf.value)
        return
    if leaf.event_name.startswith(RESERVED_PREFIX):
        yield (
            f"{_join(path, 'eventName')}: {leaf.event_name!r} is an event of Hogsend's own, and "
            "buckets do not follow from buckets; repeat the other bucket's criteria here"
        )
    if leaf.within is not None and leaf.within <= _ZERO:
        yield _not_positive(_join(path, "within"), leaf.within)


def _not_positive(path: str, duration: timedelta) -> str:
    return (
        f"{path}: {duration.total_seconds():g} seconds is no window, nothing would ever be in "
        "it; write a duration longer than zero such as days(7), or leave it out"
    )


def _anchored(criteria: Criteria, *, positive: bool) -> bool:
    """Whether a tree has an anchor; ``positive``: an even number of nots is above it."""
    match criteria:
        case PropertyCondition():
            return OPERATORS[criteria.operator].excludes is not positive
        case EventCondition():
            return _is_anchor(criteria, positive=positive)
        case NotCondition():
            return _anchored(criteria.condition, positive=not positive)
        case CompositeCondition():
            return any(_anchored(child, positive=positive) for child in criteria.conditions)


def _is_anchor(leaf: EventCondition, *, positive: bool) -> bool:
    low, high = count_range(leaf)
    requires = low > 0 if positive else high is not None
    lapses = high is not None if positive else low > 0
    return requires or (lapses and leaf.within is not None)
