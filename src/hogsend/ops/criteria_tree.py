"""A criteria tree as operators see it: the words of ``describe``, branch by branch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hogsend.criteria.ast import CompositeCondition, Criteria, NotCondition
from hogsend.criteria.describe import describe

_JUNCTIONS: Final = {"and": "all of", "or": "any of"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A condition in words, or what joins the ones below it.

    Attributes:
        joins: Whether ``text`` joins ``below``.
    """

    text: str
    joins: bool = False
    below: tuple[Branch, ...] = ()


def tree_of(criteria: Criteria) -> Branch:
    """The tree of ``criteria``."""
    match criteria:
        case NotCondition():
            return Branch(text="not", joins=True, below=(tree_of(criteria.condition),))
        case CompositeCondition():
            below = tuple(map(tree_of, criteria.conditions))
            return Branch(text=_JUNCTIONS[str(criteria.operator)], joins=True, below=below)
        case _:
            return Branch(text=describe(criteria))
