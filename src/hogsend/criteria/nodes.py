"""Nodes of a tree as SQL: ``evaluate``'s state, column by column, and how junctions join them.

The reasons for the expressions are in ``evaluate``; tests hold the two together. Constants are
folded: most trees can never tell when they began, and then nothing is computed for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hogsend.criteria.stack import Expression, Stack

TRUE: Final = Expression("true")
ALWAYS: Final = Expression("timestamptz '-infinity'")
NEVER: Final = Expression("timestamptz 'infinity'")
UNKNOWN: Final = NEVER


@dataclass(frozen=True, slots=True)
class Began:
    """The bounds of the instant at which a state began."""

    earliest: Expression = ALWAYS
    latest: Expression = UNKNOWN


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the tree as SQL.

    Attributes:
        holds: Whether it holds.
        flips_at: The earliest instant at which the clock may change that.
        began: When it began to hold; valid while it does.
        ended: When it ceased to; valid while it does not hold.
    """

    holds: Expression
    flips_at: Expression = NEVER
    began: Began = Began()
    ended: Began = Began()


def negated(node: Node) -> Node:
    """The opposite of a node."""
    holds = node.holds
    return Node(
        Expression(f"(not {holds.sql})", holds.level, holds.columns),
        node.flips_at,
        began=node.ended,
        ended=node.began,
    )


def junction(stack: Stack, children: Sequence[Node], *, neutral: bool) -> Node:
    """The ``and`` of nodes, for which true is neutral, or the ``or``, for which false is."""
    return _Junction(stack, children, neutral=neutral).node()


class _Junction:
    """Writes the columns of one junction.

    A child is *decisive* if it differs from the neutral truth value; so is the junction then.
    """

    def __init__(self, stack: Stack, children: Sequence[Node], *, neutral: bool) -> None:
        self._stack = stack
        self._holds = [child.holds for child in children]
        self._flips_at = [child.flips_at for child in children]
        began, ended = [child.began for child in children], [child.ended for child in children]
        self._neutral_began, self._decisive_began = (began, ended) if neutral else (ended, began)
        self._neutral = neutral
        joined = (" and " if neutral else " or ").join(holds.sql for holds in self._holds)
        self._sql = f"({joined})"

    def node(self) -> Node:
        """The junction."""
        neutral, decided = self._began_neutral(), self._began_decided()
        began, ended = (neutral, decided) if self._neutral else (decided, neutral)
        return Node(self._column(self._sql, []), self._next_flip(), began, ended)

    def _next_flip(self) -> Expression:
        """All the decisive children must flip before a decided junction does."""
        if _all_are(self._flips_at, NEVER):
            return NEVER
        decided = f"(not {self._sql})" if self._neutral else self._sql
        last, first = self._among("greatest", self._flips_at), _fold("least", self._flips_at)
        return self._column(f"case when {decided} then {last} else {first} end", self._flips_at)

    def _began_neutral(self) -> Began:
        """All children have been neutral since the last of them became so."""
        latest = [began.latest for began in self._neutral_began]
        earliest = [began.earliest for began in self._neutral_began]
        if UNKNOWN in latest:
            return Began()
        return Began(self._last(earliest), self._last(latest))

    def _last(self, instants: Sequence[Expression]) -> Expression:
        known = [instant for instant in instants if instant != ALWAYS]
        if len(known) < 2:  # noqa: PLR2004 - nothing to compare
            return known[0] if known else ALWAYS
        return self._stack.column(_fold("greatest", known), known)

    def _began_decided(self) -> Began:
        """The only decisive child began it, if the others were neutral already by then."""
        latest = [began.latest for began in self._decisive_began]
        earliest = [began.earliest for began in self._decisive_began]
        if _all_are(latest, UNKNOWN):
            return Began()
        bound = self._column(self._among("least", latest), latest)
        if _all_are(earliest, ALWAYS):
            return Began(ALWAYS, bound)
        return Began(self._began_by_one(earliest), bound)

    def _began_by_one(self, earliest: Sequence[Expression]) -> Expression:
        others = [began.latest for began in self._neutral_began]
        only, other = (
            self._among("least", earliest),
            self._among("greatest", others, decisive=False),
        )
        number = " + ".join(f"{flag}::int" for flag in self._flags(decisive=True))
        exact = f"{number} = 1 and coalesce({other} < {only}, true)"
        sql = f"case when {exact} then {only} else {ALWAYS.sql} end"
        return self._column(sql, [*earliest, *others])

    def _flags(self, *, decisive: bool) -> list[str]:
        holding = decisive is not self._neutral
        return [holds.sql if holding else f"(not {holds.sql})" for holds in self._holds]

    def _among(self, function: str, parts: Sequence[Expression], *, decisive: bool = True) -> str:
        """``least`` or ``greatest`` of the children that are decisive (or are not); or NULL."""
        flags = self._flags(decisive=decisive)
        cases = [
            f"case when {flag} then {part.sql} end" for flag, part in zip(flags, parts, strict=True)
        ]
        return f"{function}({', '.join(cases)})"

    def _column(self, sql: str, uses: Sequence[Expression]) -> Expression:
        return self._stack.column(sql, [*self._holds, *uses])


def _all_are(expressions: Sequence[Expression], constant: Expression) -> bool:
    return all(expression == constant for expression in expressions)


def _fold(function: str, parts: Sequence[Expression]) -> str:
    return f"{function}({', '.join(part.sql for part in parts)})"
