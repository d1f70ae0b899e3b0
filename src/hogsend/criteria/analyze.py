"""Static analysis: what can change whether a tree matches, and in which direction.

The ingest relies on it to leave alone what cannot change, so it errs towards "can change".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
)
from hogsend.criteria.dates import FIRST
from hogsend.criteria.evaluate import Evaluator
from hogsend.criteria.operators import OPERATORS, ClockOperator
from hogsend.criteria.slots import Slot, count_range

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Direction(StrEnum):
    """Where one more event of a name can move ``matches``."""

    JOIN = "join"
    LEAVE = "leave"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a tree depends on.

    Attributes:
        slots: The events to be known, with how many of the newest.
        events: The event names that can change the outcome, each with its direction. More
            events of a JOIN name never end a match, nor bring its end forward; more of a
            LEAVE name never begin one, nor bring its beginning forward.
        properties: The contact's property keys that are read.
        time_based: The clock alone can change the outcome.
        clock_joins: The clock alone can make a contact match.
        matches_empty: A contact with no properties and no events matches.
    """

    slots: Mapping[Slot, int]
    events: Mapping[str, Direction]
    properties: frozenset[str]
    time_based: bool
    clock_joins: bool
    matches_empty: bool


class _Move(Flag):
    """Directions in which something can move a condition."""

    NONE = 0
    UP = 1
    DOWN = 2
    BOTH = 3


_OPPOSITE = {
    _Move.NONE: _Move.NONE,
    _Move.UP: _Move.DOWN,
    _Move.DOWN: _Move.UP,
    _Move.BOTH: _Move.BOTH,
}
_DIRECTIONS = {
    _Move.UP: Direction.JOIN,
    _Move.DOWN: Direction.LEAVE,
    _Move.BOTH: Direction.BOTH,
}


def analyze(criteria: Criteria) -> Analysis:
    """Analyse a valid tree."""
    evaluator = Evaluator(criteria)
    leaves = tuple(_leaves(criteria))
    clock = _Move.NONE
    for leaf, positive in leaves:
        clock |= _oriented(_clock_moves(leaf), positive=positive)
    empty = evaluator({}, [()] * len(evaluator.slots), FIRST)
    return Analysis(
        slots=MappingProxyType({needed.slot: needed.depth for needed in evaluator.slots}),
        events=MappingProxyType(_event_directions(leaves)),
        properties=frozenset(
            leaf.property for leaf, _ in leaves if isinstance(leaf, PropertyCondition)
        ),
        time_based=bool(clock),
        clock_joins=_Move.UP in clock,
        matches_empty=empty.matches,
    )


_Leaf = PropertyCondition | EventCondition


def _leaves(criteria: Criteria, *, positive: bool = True) -> Iterator[tuple[_Leaf, bool]]:
    """The leaves, each with whether an even number of nots is above it."""
    match criteria:
        case PropertyCondition() | EventCondition():
            yield criteria, positive
        case NotCondition():
            yield from _leaves(criteria.condition, positive=not positive)
        case CompositeCondition():
            for child in criteria.conditions:
                yield from _leaves(child, positive=positive)


def _oriented(move: _Move, *, positive: bool) -> _Move:
    return move if positive else _OPPOSITE[move]


def _event_directions(leaves: tuple[tuple[_Leaf, bool], ...]) -> dict[str, Direction]:
    moves: dict[str, _Move] = {}
    for leaf, positive in leaves:
        if isinstance(leaf, EventCondition):
            move = _oriented(_event_moves(leaf), positive=positive)
            moves[leaf.event_name] = moves.get(leaf.event_name, _Move.NONE) | move
    return {name: _DIRECTIONS[move] for name, move in moves.items() if move}


def _event_moves(leaf: EventCondition) -> _Move:
    """Where one more event can move this leaf."""
    low, high = count_range(leaf)
    if high is not None and high <= 0:
        return _Move.NONE
    rising = _Move.UP if low > 0 else _Move.NONE
    return rising if high is None else rising | _Move.DOWN


def _clock_moves(leaf: _Leaf) -> _Move:
    """Where the clock can move this leaf: events that leave a window undo what they did."""
    if isinstance(leaf, EventCondition):
        return _Move.NONE if leaf.within is None else _OPPOSITE[_event_moves(leaf)]
    operator = OPERATORS[leaf.operator]
    if not isinstance(operator, ClockOperator):
        return _Move.NONE
    return _Move.BOTH if operator.ends else _Move.UP
