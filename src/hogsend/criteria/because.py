"""The first reason in words: which leaves decide a tree, and what was found there.

An ``and`` that fails does so because of its first child that fails; one that holds, because of
all its children. With an ``or`` it is the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol, TypeGuard

from hogsend.criteria.ast import (
    Check,
    CompositeCondition,
    Criteria,
    EventCondition,
    Logic,
    NotCondition,
)
from hogsend.criteria.describe import describe
from hogsend.criteria.slots import slot_of
from hogsend.criteria.walk import Leaf, Place, join

_NAMED: Final = 3


class Judged(Protocol):
    """A leaf that was judged by itself."""

    @property
    def matches(self) -> bool:
        """It holds."""
        ...

    @property
    def fact(self) -> str:
        """What was found, in English."""
        ...


def because(criteria: Criteria, judged: Mapping[str, Judged]) -> str:
    """Why a tree holds, or does not.

    Args:
        criteria: The tree.
        judged: Each of its leaves, by path.
    """
    holds, places = _deciding(criteria, judged, "", positive=True)
    telling = [place for place in places if not (holds and _goes_without_saying(place, places))]
    clauses = [_clause(place, judged[place.path].fact, holds=holds) for place in telling]
    rest = len(clauses) - _NAMED
    more = [f"{rest} more"] if rest > 0 else []
    return ", and ".join(clauses[:_NAMED] + more)


def _deciding(
    criteria: Criteria, judged: Mapping[str, Judged], path: str, *, positive: bool
) -> tuple[bool, list[Place]]:
    """Whether a node holds, and the leaves because of which it does or does not."""
    match criteria:
        case NotCondition():
            inner = join(path, "condition")
            holds, places = _deciding(criteria.condition, judged, inner, positive=not positive)
            return not holds, places
        case CompositeCondition():
            return _deciding_composite(criteria, judged, path, positive=positive)
        case leaf:
            return judged[path].matches, [Place(path=path, leaf=leaf, positive=positive)]


def _deciding_composite(
    criteria: CompositeCondition, judged: Mapping[str, Judged], path: str, *, positive: bool
) -> tuple[bool, list[Place]]:
    neutral = criteria.operator is Logic.AND
    found: list[Place] = []
    for index, child in enumerate(criteria.conditions):
        inner = join(path, f"conditions[{index}]")
        holds, places = _deciding(child, judged, inner, positive=positive)
        if holds is not neutral:
            return holds, places
        found += places
    return neutral, found


def _goes_without_saying(place: Place, places: list[Place]) -> bool:
    """That there were such events at all, where another leaf says more about the same ones."""
    return _is_ever(place.leaf) and any(
        isinstance(other.leaf, EventCondition)
        and slot_of(other.leaf) == slot_of(place.leaf)
        and not _is_ever(other.leaf)
        for other in places
    )


def _is_ever(leaf: Leaf) -> TypeGuard[EventCondition]:
    return _asks_existence(leaf) and leaf.within is None


def _clause(place: Place, fact: str, *, holds: bool) -> str:
    if holds or (place.positive and _asks_existence(place.leaf)):
        return fact
    wanted = describe(place.leaf)
    return f"{fact}; wanted: {wanted if place.positive else f'not ({wanted})'}"


def _asks_existence(leaf: Leaf) -> TypeGuard[EventCondition]:
    return isinstance(leaf, EventCondition) and leaf.check is Check.EXISTS
