"""What was found where a leaf looks, as a value and in English."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from hogsend.criteria.ast import EventCondition, PropertyCondition
from hogsend.criteria.dates import parse_date
from hogsend.criteria.describe import describe_events, describe_name, describe_window
from hogsend.criteria.operators import OPERATORS, ClockOperator
from hogsend.criteria.slots import Slot, slot_of
from hogsend.instants import describe_distance, describe_moment

if TYPE_CHECKING:
    from hogsend.criteria.evaluate import Facts
    from hogsend.criteria.walk import Leaf

_LONGEST: Final = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """What there is.

    Attributes:
        value: The property's value (None if missing), or the number of events that count.
        more: There may be more events than ``value``; only so many were read.
        newest: When the newest event of an event leaf occurred, however long ago.
    """

    value: Any
    more: bool = False
    newest: datetime | None = None


def observe(leaf: Leaf, facts: Facts, now: datetime, depths: Mapping[Slot, int]) -> Observation:
    """Look at the facts that a leaf asks for; ``depths``: how many events were read per slot."""
    if not isinstance(leaf, EventCondition):
        return Observation(value=facts.properties.get(leaf.property))
    slot = slot_of(leaf)
    times = facts.newest.get(slot, ())
    counted = sum(_is_inside(time, leaf, now) for time in times)
    more = counted == len(times) >= depths.get(slot, 0)
    return Observation(value=counted, more=more, newest=times[0] if times else None)


def _is_inside(time: datetime, leaf: EventCondition, now: datetime) -> bool:
    # The age cannot overflow, the end of the window can.
    return leaf.within is None or now - time < leaf.within


def describe_fact(leaf: Leaf, seen: Observation, now: datetime) -> str:
    """The observation in English: ``no app.active event in the last 7 days; the last one …``."""
    if isinstance(leaf, EventCondition):
        return _describe_events(leaf, seen, now)
    return _describe_property(leaf, seen, now)


def _describe_events(leaf: EventCondition, seen: Observation, now: datetime) -> str:
    name = describe_events(leaf)
    if seen.newest is None:
        return f"no {name} event ever"
    window = describe_window(leaf)
    last = f"the last one was {describe_moment(seen.newest, now)}"
    if not seen.value:
        return f"no {name} event{window}; {last}"
    number = f"at least {seen.value}" if seen.more else str(seen.value)
    return f"{number} {name} event{'' if seen.value == 1 else 's'}{window}; {last}"


def _describe_property(leaf: PropertyCondition, seen: Observation, now: datetime) -> str:
    name = describe_name(leaf.property)
    if seen.value is None:
        return f"{name} is not set"
    if not isinstance(OPERATORS[leaf.operator], ClockOperator):
        return f"{name} is {_shown(seen.value)}"
    date = parse_date(seen.value)
    if date is None:
        return f"{name} is {_shown(seen.value)}, which is no date"
    return f"{name} is {seen.value}, {describe_distance(date, now)}"


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
