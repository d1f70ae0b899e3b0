"""The leaves of a tree, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
)

Leaf: TypeAlias = PropertyCondition | EventCondition


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A leaf in a tree.

    Attributes:
        path: As in the JSON form, such as ``conditions[1].condition``; the root's is empty.
        leaf: The condition.
        positive: An even number of nots is above it.
    """

    path: str
    leaf: Leaf
    positive: bool


def leaves(criteria: Criteria, path: str = "", *, positive: bool = True) -> Iterator[Place]:
    """The leaves in order."""
    match criteria:
        case PropertyCondition() | EventCondition():
            yield Place(path=path, leaf=criteria, positive=positive)
        case NotCondition():
            yield from leaves(criteria.condition, join(path, "condition"), positive=not positive)
        case CompositeCondition():
            for index, child in enumerate(criteria.conditions):
                yield from leaves(child, join(path, f"conditions[{index}]"), positive=positive)


def join(path: str, name: str) -> str:
    """The path of a part."""
    return f"{path}.{name}" if path else name
