"""Static analysis: what can change whether a tree matches, and in which direction.

The ingest relies on it to leave alone what cannot change, so it errs towards "can change".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from hogsend.criteria.ast import (
    Criteria,
    EventCondition,
    PropertyCondition,
)
from hogsend.criteria.dates import FIRST
from hogsend.criteria.evaluate import Evaluator
from hogsend.criteria.operators import OPERATORS, ClockOperator
from hogsend.criteria.slots import Slot, count_range
from hogsend.criteria.walk import Leaf, Place, leaves

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    places = tuple(leaves(criteria))
    clock = _Move.NONE
    for place in places:
        clock |= _oriented(_clock_moves(place.leaf), place)
    empty = evaluator({}, [()] * len(evaluator.slots), FIRST)
    return Analysis(
        slots=MappingProxyType({needed.slot: needed.depth for needed in evaluator.slots}),
        events=MappingProxyType(_event_directions(places)),
        properties=frozenset(
            place.leaf.property for place in places if isinstance(place.leaf, PropertyCondition)
        ),
        time_based=bool(clock),
        clock_joins=_Move.UP in clock,
        matches_empty=empty.matches,
    )


def _oriented(move: _Move, place: Place) -> _Move:
    return move if place.positive else _OPPOSITE[move]


def _event_directions(places: tuple[Place, ...]) -> dict[str, Direction]:
    moves: dict[str, _Move] = {}
    for place in places:
        if isinstance(place.leaf, EventCondition):
            name, move = place.leaf.event_name, _oriented(_event_moves(place.leaf), place)
            moves[name] = moves.get(name, _Move.NONE) | move
    return {name: _DIRECTIONS[move] for name, move in moves.items() if move}


def _event_moves(leaf: EventCondition) -> _Move:
    """Where one more event can move this leaf."""
    low, high = count_range(leaf)
    if high is not None and high <= 0:
        return _Move.NONE
    rising = _Move.UP if low > 0 else _Move.NONE
    return rising if high is None else rising | _Move.DOWN


def _clock_moves(leaf: Leaf) -> _Move:
    """Where the clock can move this leaf: events that leave a window undo what they did."""
    if isinstance(leaf, EventCondition):
        return _Move.NONE if leaf.within is None else _OPPOSITE[_event_moves(leaf)]
    operator = OPERATORS[leaf.operator]
    if not isinstance(operator, ClockOperator):
        return _Move.NONE
    return _Move.BOTH if operator.ends else _Move.UP
