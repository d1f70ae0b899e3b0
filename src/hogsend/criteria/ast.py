"""The criteria tree: frozen data, the same for the builder and the declarative form.

Equality is by type and value all the way down: a comparison with ``1``, with ``1.0`` and
with ``True`` are three different conditions, although Python calls the numbers equal.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

from hogsend.errors import DefinitionError

Scalar: TypeAlias = str | int | float | bool
PropertyValue: TypeAlias = Scalar | tuple[Scalar, ...] | timedelta | None


class Logic(StrEnum):
    """How a composite joins its conditions."""

    AND = "and"
    OR = "or"


class Check(StrEnum):
    """What an event condition asks of the matching events."""

    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    COUNT = "count"


class CountOperator(StrEnum):
    """How the number of matching events is compared."""

    GTE = "gte"
    GT = "gt"
    LTE = "lte"
    LT = "lt"
    EQ = "eq"


class PropertyOperator(StrEnum):
    """How a property is compared; ``criteria.operators`` has one object for each."""

    EQ = "eq"
    NEQ = "neq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    EXISTS = "exists"
    NOT_EXISTS = "not_exists"
    CONTAINS = "contains"
    IN = "in"
    NOT_IN = "not_in"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    BEFORE = "before"
    AFTER = "after"
    WITHIN_NEXT = "within_next"
    WITHIN_LAST = "within_last"
    OLDER_THAN = "older_than"


class _Condition:
    """What all conditions share: no truth value of their own."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Refuse ``a and b``, which would silently drop ``a``."""
        fault = (
            f"{self!r} has no truth value before it is evaluated; join conditions with "
            "b.all(…), b.any(…) and b.not_(…) instead of `and`, `or` and `not`"
        )
        raise DefinitionError([fault])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PropertyCondition(_Condition):
    """A comparison of one flat property key."""

    property: str
    operator: PropertyOperator
    value: PropertyValue = None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PropertyCondition):
            return NotImplemented
        return self._identity() == other._identity()

    def __hash__(self) -> int:
        # Cheap, since filters are keys on the hot path; trees repeat few properties.
        return hash(self.property)

    def _identity(self) -> tuple[object, ...]:
        return self.property, self.operator, _strict(self.value)


def _strict(value: PropertyValue) -> object:
    """A key that keeps apart what ``==`` confuses: 1, True, 1.0; 0.0 and -0.0."""
    if isinstance(value, tuple):
        return tuple(map(_strict, value))
    return type(value), repr(value) if isinstance(value, float) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCondition(_Condition):
    """A condition on the events of one name, perhaps filtered and windowed.

    Attributes:
        where: All of these must hold for an event's properties for it to count.
        within: Only events of the last ``within`` count: ``s <= now < s + within``.
    """

    event_name: str
    check: Check
    operator: CountOperator | None = None
    value: int | None = None
    within: timedelta | None = None
    where: tuple[PropertyCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CompositeCondition(_Condition):
    """All (``and``) or any (``or``) of several conditions."""

    operator: Logic
    conditions: tuple[Criteria, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCondition(_Condition):
    """The opposite of a condition."""

    condition: Criteria


Criteria: TypeAlias = PropertyCondition | EventCondition | CompositeCondition | NotCondition
