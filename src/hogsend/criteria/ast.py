"""The criteria tree: frozen data, the same for the builder and the declarative form."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias

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


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyCondition:
    """A comparison of one flat property key."""

    property: str
    operator: PropertyOperator
    value: PropertyValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventCondition:
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
class CompositeCondition:
    """All (``and``) or any (``or``) of several conditions."""

    operator: Logic
    conditions: tuple[Criteria, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCondition:
    """The opposite of a condition."""

    condition: Criteria


Criteria: TypeAlias = PropertyCondition | EventCondition | CompositeCondition | NotCondition
