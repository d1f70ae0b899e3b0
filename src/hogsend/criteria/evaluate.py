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
        self.slots: tuple[SlotDepth, ...] = slot_depths(criteria)
        positions = {needed.slot: position for position, needed in enumerate(self.slots)}
        self._root = _node(criteria, positions)

    def __call__(self, properties: Mapping[str, Any], newest: Newest, now: datetime) -> Verdict:
        """The verdict at ``now``; ``newest`` is aligned with ``slots``."""
        holds, flips_at, earliest, latest = self._root(properties, newest, now)
        exact = earliest is not ALWAYS and earliest == latest
        since = earliest if holds and exact else None
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
        parts.append(_at_least(low, position, condition, holds=True))
    if high is not None:
        parts.append(_at_least(high, position, condition, holds=False))
    return parts[0] if len(parts) == 1 else _junction(parts, neutral=True)


def _at_least(count: int, position: int, condition: EventCondition, *, holds: bool) -> Node:
    """A node that is ``holds`` while there are at least ``count`` events, else the opposite."""
    if count <= 0:
        return _constantly((holds, NEVER, ALWAYS, ALWAYS))
    if condition.within is None:
        return _at_least_ever(count, position, holds=holds)
    never_began = UNKNOWN if condition.where else ALWAYS
    never: State = (not holds, NEVER, ALWAYS, never_began)
    return _at_least_within(count, position, condition.within, never, holds=holds)


def _constantly(constant: State) -> Node:
    def state(_properties: Mapping[str, Any], _newest: Newest, _now: datetime) -> State:
        return constant

    return state


def _at_least_ever(count: int, position: int, *, holds: bool) -> Node:
    never: State = (not holds, NEVER, ALWAYS, ALWAYS)

    def state(_properties: Mapping[str, Any], newest: Newest, _now: datetime) -> State:
        times = newest[position]
        return never if len(times) < count else (holds, NEVER, ALWAYS, times[0])

    return state


def _at_least_within(
    count: int, position: int, within: timedelta, never: State, *, holds: bool
) -> Node:
    last = count - 1

    def state(_properties: Mapping[str, Any], newest: Newest, now: datetime) -> State:
        times = newest[position]
        if len(times) < count:
            return never
        try:
            until = times[last] + within
        except OverflowError:
            until = NEVER
        if now < until:
            return holds, until, ALWAYS, times[0]
        # There were enough just before ``until`` only if the newest was there by then.
        return not holds, NEVER, until if times[0] < until else ALWAYS, until

    return state


def _negation(child: Node) -> Node:
    def state(properties: Mapping[str, Any], newest: Newest, now: datetime) -> State:
        holds, flips_at, earliest, latest = child(properties, newest, now)
        return not holds, flips_at, earliest, latest

    return state


def _junction(children: Sequence[Node], *, neutral: bool) -> Node:
    def state(properties: Mapping[str, Any], newest: Newest, now: datetime) -> State:
        flips_at, earliest, latest = NEVER, ALWAYS, ALWAYS
        decisive: list[State] = []
        for child in children:
            present = child(properties, newest, now)
            if present[0] is not neutral:
                decisive.append(present)
                continue
            _, its_flip, its_earliest, its_latest = present
            # Compared in place: min and max take three times as long.
            flips_at = its_flip if its_flip < flips_at else flips_at  # noqa: FURB136
            earliest = its_earliest if its_earliest > earliest else earliest  # noqa: FURB136
            latest = its_latest if its_latest > latest else latest  # noqa: FURB136
        if decisive:
            return _decided(decisive, others_began=latest)
        return neutral, flips_at, earliest, latest

    return state


def _decided(decisive: list[State], *, others_began: datetime) -> State:
    """The state of a junction with decisive children: all must flip before it does.

    It began with the only decisive child, if the others were neutral already by then; else
    others may have decided the junction before.
    """
    if len(decisive) == 1:
        holds, flips_at, earliest, latest = decisive[0]
        return holds, flips_at, earliest if others_began < earliest else ALWAYS, latest
    return (
        decisive[0][0],
        max(flips_at for _, flips_at, _, _ in decisive),
        ALWAYS,
        min(latest for _, _, _, latest in decisive),
    )
