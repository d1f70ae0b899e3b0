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

from hogsend.criteria.ast import Criteria, EventCondition, PropertyCondition
from hogsend.criteria.operators import OPERATORS
from hogsend.criteria.slots import count_range
from hogsend.criteria.walk import Leaf, Place, join, leaves

RESERVED_PREFIX: Final = "bucket:"
_ZERO: Final = timedelta(0)


def validate(criteria: Criteria) -> list[str]:
    """Every rule that the tree breaks: one message each, with the path and what to do."""
    faults = [fault for place in leaves(criteria) for fault in _leaf_faults(place.path, place.leaf)]
    if not any(map(_is_anchor, leaves(criteria))):
        faults.append(
            "criteria: are exclusions only, so everyone of whom nothing is known would match; "
            "add a condition that they must fulfil, such as b.event(…).exists() or "
            "b.prop(…).eq(…), or give the absence of events a window with .within(…)"
        )
    return faults


def _leaf_faults(path: str, leaf: Leaf) -> Iterator[str]:
    if isinstance(leaf, PropertyCondition):
        if isinstance(leaf.value, timedelta) and leaf.value <= _ZERO:
            yield _not_positive(join(path, "value"), leaf.value)
        return
    if leaf.event_name.startswith(RESERVED_PREFIX):
        yield (
            f"{join(path, 'eventName')}: {leaf.event_name!r} is an event of Hogsend's own, and "
            "buckets do not follow from buckets; repeat the other bucket's criteria here"
        )
    if leaf.within is not None and leaf.within <= _ZERO:
        yield _not_positive(join(path, "within"), leaf.within)


def _not_positive(path: str, duration: timedelta) -> str:
    return (
        f"{path}: {duration.total_seconds():g} seconds is no window, nothing would ever be in "
        "it; write a duration longer than zero such as days(7), or leave it out"
    )


def _is_anchor(place: Place) -> bool:
    match place.leaf:
        case PropertyCondition() as leaf:
            return OPERATORS[leaf.operator].excludes is not place.positive
        case EventCondition() as leaf:
            low, high = count_range(leaf)
            requires = low > 0 if place.positive else high is not None
            lapses = high is not None if place.positive else low > 0
            return requires or (lapses and leaf.within is not None)
