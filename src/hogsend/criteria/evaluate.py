"""Evaluation in memory: facts and the clock give a verdict, a pure function.

Every node of a tree is compiled to a closure that returns a ``State``: whether the node holds
now; the earliest instant at which the clock alone may change that; and the instant at which
its present state began, as a lower and an upper bound. Where the facts tell that beginning,
both bounds are equal. The bounds make ``since`` exact for composites: in "ever active, and
not in the last 7 days" nobody knows when "ever" began, only that it was no later than the
last activity, and that is enough.

Negation keeps all three instants, so one junction serves ``and`` and ``or``: ``and`` is false
as soon as one child is, ``or`` is true as soon as one child is. Such a child is *decisive*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, TypeAlias

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    Logic,
    NotCondition,
    PropertyCondition,
)
from hogsend.criteria.dates import FIRST, LAST, parse_date
from hogsend.criteria.operators import OPERATORS, ClockOperator, Operator
from hogsend.criteria.slots import Slot, SlotDepth, count_range, slot_depths, slot_of

ALWAYS: Final = FIRST
NEVER: Final = LAST
UNKNOWN: Final = LAST

State: TypeAlias = tuple[bool, datetime, datetime, datetime]
"""Holds, flips at (``NEVER``), began at the earliest (``ALWAYS``), at the latest (``UNKNOWN``)."""

Newest: TypeAlias = Sequence[Sequence[datetime]]
Node: TypeAlias = Callable[[Mapping[str, Any], Newest, datetime], State]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a contact.

    Attributes:
        properties: Their merged properties, decoded from JSON.
        newest: Per slot, when its events occurred, newest first: the ``depth`` newest where
            so many exist; none later than the clock.
    """

    properties: Mapping[str, Any]
    newest: Mapping[Slot, Sequence[datetime]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a contact matches, and the instants around it.

    Attributes:
        matches: The criteria hold now.
        flips_at: The earliest future instant at which the clock alone may change
            ``matches``; early perhaps, never late; None if it cannot.
        since: From when they have held without a break, where the facts tell; else None.
    """

    matches: bool
    flips_at: datetime | None = None
    since: datetime | None = None


class Evaluator:
    """A compiled tree; call it with facts to get a verdict.

    Attributes:
        slots: The facts it needs, and their order in ``newest``.
    """

    __slots__ = ("_root", "slots")

    def __init__(self, criteria: Criteria) -> None:
        self.slots: tuple[SlotDepth, ...] = slot_depths(tuple(event_leaves(criteria)))
        positions = {needed.slot: position for position, needed in enumerate(self.slots)}
        self._root = _node(criteria, positions)

    def __call__(self, properties: Mapping[str, Any], newest: Newest, now: datetime) -> Verdict:
        """The verdict at ``now``; ``newest`` is aligned with ``slots``."""
        holds, flips_at, earliest, latest = self._root(properties, newest, now)
        since = earliest if holds and earliest == latest and earliest > ALWAYS else None
        if flips_at < NEVER:
            return Verdict(matches=holds, flips_at=flips_at, since=since)
        if since is not None:
            return Verdict(matches=holds, since=since)
        return _HOLDS if holds else _FAILS

    def state(self, facts: Facts, now: datetime) -> State:
        """The root's state, a false one's beginning included."""
        return self._root(facts.properties, self.align(facts.newest), now)

    def align(self, newest: Mapping[Slot, Sequence[datetime]]) -> list[Sequence[datetime]]:
        """Facts by slot as facts by position; a slot that is not there has no events."""
        return [newest.get(needed.slot, ()) for needed in self.slots]


_HOLDS: Final = Verdict(matches=True)
_FAILS: Final = Verdict(matches=False)


def compile(criteria: Criteria) -> Evaluator:  # noqa: A001 - read as ``evaluate.compile``
    """Compile a valid tree once, to evaluate it many times."""
    return Evaluator(criteria)


def evaluate(criteria: Criteria, facts: Facts, now: datetime) -> Verdict:
    """The verdict of a valid tree on one contact's facts at ``now``."""
    evaluator = Evaluator(criteria)
    return evaluator(facts.properties, evaluator.align(facts.newest), now)


def where_holds(where: tuple[PropertyCondition, ...], properties: Mapping[str, Any]) -> bool:
    """Whether an event's properties pass all of ``where``."""
    return not where or all(test(properties.get(name)) for name, test in compiled_where(where))


@lru_cache(maxsize=1024)
def compiled_where(
    where: tuple[PropertyCondition, ...],
) -> tuple[tuple[str, Callable[[Any], bool]], ...]:
    """The keys of ``where`` with their tests; clock operators never pass."""
    return tuple((condition.property, _test(condition)) for condition in where)


def _test(condition: PropertyCondition) -> Callable[[Any], bool]:
    operator = OPERATORS[condition.operator]
    if isinstance(operator, ClockOperator):
        return lambda _: False
    return operator.test(condition.value)


def event_leaves(criteria: Criteria) -> list[EventCondition]:
    """The event conditions of a tree, in order."""
    match criteria:
        case EventCondition():
            return [criteria]
        case PropertyCondition():
            return []
        case NotCondition():
            return event_leaves(criteria.condition)
        case CompositeCondition():
            return [leaf for child in criteria.conditions for leaf in event_leaves(child)]


def _node(criteria: Criteria, positions: Mapping[Slot, int]) -> Node:
    match criteria:
        case PropertyCondition():
            return _property(criteria)
        case EventCondition():
            return _event(criteria, positions)
        case NotCondition():
            return _negation(_node(criteria.condition, positions))
        case CompositeCondition():
            children = [_node(child, positions) for child in criteria.conditions]
            return _junction(children, neutral=criteria.operator is Logic.AND)


def _property(condition: PropertyCondition) -> Node:
    operator = OPERATORS[condition.operator]
    if isinstance(operator, ClockOperator):
        return _date_against_clock(condition, operator)
    return _property_test(condition, operator)


def _property_test(condition: PropertyCondition, operator: Operator) -> Node:
    name, test = condition.property, operator.test(condition.value)
    holds: State = (True, NEVER, ALWAYS, UNKNOWN)
    fails: State = (False, NEVER, ALWAYS, UNKNOWN)

    def state(properties: Mapping[str, Any], _newest: Newest, _now: datetime) -> State:
        return holds if test(properties.get(name)) else fails

    return state


def _date_against_clock(condition: PropertyCondition, operator: ClockOperator) -> Node:
    # When the property was set is not a fact we have, so neither is the beginning.
    name, duration = condition.property, condition.value
    fails: State = (False, NEVER, ALWAYS, UNKNOWN)

    def state(properties: Mapping[str, Any], _newest: Newest, now: datetime) -> State:
        date = parse_date(properties.get(name))
        if date is None:
            return fails
        start, end = operator.span(date, duration)  # type: ignore[arg-type]
        if now < start:
            return False, start, ALWAYS, UNKNOWN
        return (True, end, ALWAYS, UNKNOWN) if now < end else fails

    return state


def _event(condition: EventCondition, positions: Mapping[Slot, int]) -> Node:
    low, high = count_range(condition)
    position = positions.get(slot_of(condition), 0)
    parts: list[Node] = []
    if low > 0 or high is None:
        parts.append(_at_least(low, position, condition))
    if high is not None:
        parts.append(_negation(_at_least(high, position, condition)))
    return parts[0] if len(parts) == 1 else _junction(parts, neutral=True)


def _at_least(count: int, position: int, condition: EventCondition) -> Node:
    if count <= 0:
        return _always
    if condition.within is None:
        return _at_least_ever(count, position)
    return _at_least_within(count, position, condition.within, known=not condition.where)


def _always(_properties: Mapping[str, Any], _newest: Newest, _now: datetime) -> State:
    return True, NEVER, ALWAYS, ALWAYS


def _at_least_ever(count: int, position: int) -> Node:
    fails: State = (False, NEVER, ALWAYS, ALWAYS)

    def state(_properties: Mapping[str, Any], newest: Newest, _now: datetime) -> State:
        times = newest[position]
        return fails if len(times) < count else (True, NEVER, ALWAYS, times[0])

    return state


def _at_least_within(count: int, position: int, within: timedelta, *, known: bool) -> Node:
    """At least ``count`` in a window; ``known``: a shorter list is the whole history."""
    never: State = (False, NEVER, ALWAYS, ALWAYS if known else UNKNOWN)

    def state(_properties: Mapping[str, Any], newest: Newest, now: datetime) -> State:
        times = newest[position]
        if len(times) < count:
            return never
        try:
            until = times[count - 1] + within
        except OverflowError:
            until = NEVER
        if now < until:
            return True, until, ALWAYS, times[0]
        # It held just before ``until`` only if the newest event was there by then.
        return False, NEVER, until if times[0] < until else ALWAYS, until

    return state


def _negation(child: Node) -> Node:
    def state(properties: Mapping[str, Any], newest: Newest, now: datetime) -> State:
        holds, flips_at, earliest, latest = child(properties, newest, now)
        return not holds, flips_at, earliest, latest

    return state


_flips_at = itemgetter(1)
_earliest = itemgetter(2)
_latest = itemgetter(3)


def _junction(children: Sequence[Node], *, neutral: bool) -> Node:
    def state(properties: Mapping[str, Any], newest: Newest, now: datetime) -> State:
        states = [child(properties, newest, now) for child in children]
        decisive = [child for child in states if child[0] is not neutral]
        if not decisive:
            return (
                neutral,
                min(map(_flips_at, states)),
                max(map(_earliest, states)),
                max(map(_latest, states)),
            )
        # All the decisive children must flip before the junction does.
        return (
            not neutral,
            max(map(_flips_at, decisive)),
            _decisive_since(states, decisive),
            min(map(_latest, decisive)),
        )

    return state


def _decisive_since(states: Sequence[State], decisive: Sequence[State]) -> datetime:
    """The lower bound of a decided junction's beginning.

    It is the only decisive child's, if the others were neutral already when that child
    became decisive; else they may have decided the junction before.
    """
    if len(decisive) > 1:
        return ALWAYS
    only = decisive[0]
    began = _earliest(only)
    others = (state for state in states if state is not only)
    return began if all(_latest(state) < began for state in others) else ALWAYS
