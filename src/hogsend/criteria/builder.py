"""The builder: ``lambda b: b.all(b.event("app.active").exists(), …)``.

Every method returns frozen data, and refuses a wrong argument at once, by a
``DefinitionError`` that says what to write instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias, TypeGuard

from hogsend.criteria.ast import (
    Check,
    CompositeCondition,
    CountOperator,
    Criteria,
    EventCondition,
    Logic,
    NotCondition,
    PropertyCondition,
    PropertyOperator,
    Scalar,
)
from hogsend.criteria.dump import dump
from hogsend.criteria.operators import OPERATORS
from hogsend.criteria.parse import parse
from hogsend.criteria.values import (
    UnfitError,
    read_count,
    read_duration,
    read_name,
    read_value,
    show,
)
from hogsend.errors import DefinitionError

_CONDITIONS = (PropertyCondition, EventCondition, CompositeCondition, NotCondition)


class CriteriaBuilder:
    """Makes conditions; a criteria callable gets one as its argument."""

    __slots__ = ()

    def prop(self, name: str) -> PropertyBuilder:
        """A property of the contact; go on with a comparison such as ``.eq("pro")``."""
        _check(read_name, name, "b.prop(…): the property's name")
        return PropertyBuilder(name=name)

    def event(self, name: str) -> EventBuilder:
        """Events of one name; go on with ``.exists()``, ``.at_least(n)`` or the like."""
        _check(read_name, name, "b.event(…): the event's name")
        return EventBuilder(name=name)

    def all(self, *conditions: Criteria) -> CompositeCondition:
        """All of the conditions hold."""
        return _composite("b.all", Logic.AND, conditions)

    def any(self, *conditions: Criteria) -> CompositeCondition:
        """At least one of the conditions holds."""
        return _composite("b.any", Logic.OR, conditions)

    def not_(self, condition: Criteria) -> NotCondition:
        """The condition does not hold."""
        return NotCondition(condition=_finished(condition, "b.not_(…)"))


CriteriaSource: TypeAlias = "Callable[[CriteriaBuilder], Criteria] | Criteria | Mapping[str, Any]"
"""All that criteria can be given as: a callable, a tree, or its JSON form."""


def build(criteria: CriteriaSource) -> Criteria:
    """The tree that a callable, a tree or a JSON object stands for, checked.

    Raises:
        DefinitionError: It is no tree, or one beyond a limit; every fault with its path.
    """
    if isinstance(criteria, Mapping):
        return parse(criteria)
    if callable(criteria):
        criteria = criteria(CriteriaBuilder())
    return parse(dump(_finished(criteria, "criteria")))


class _Unfinished:
    """What is not a condition yet."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise _refusal(_unfinished_fault(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyBuilder(_Unfinished):
    """A property of a contact, or of an event inside ``where``, still to be compared.

    Texts, numbers and booleans are compared by type and value, nothing is converted. A
    missing property is as one that is null. Dates are ISO 8601 strings with a zone.
    """

    name: str

    def eq(self, value: Scalar) -> PropertyCondition:
        """Equal to ``value``, of the same type."""
        return self._condition(PropertyOperator.EQ, value)

    def neq(self, value: Scalar) -> PropertyCondition:
        """Not equal to ``value``, or missing."""
        return self._condition(PropertyOperator.NEQ, value)

    def gt(self, value: float) -> PropertyCondition:
        """A number greater than ``value``."""
        return self._condition(PropertyOperator.GT, value)

    def gte(self, value: float) -> PropertyCondition:
        """A number equal to or greater than ``value``."""
        return self._condition(PropertyOperator.GTE, value)

    def lt(self, value: float) -> PropertyCondition:
        """A number less than ``value``."""
        return self._condition(PropertyOperator.LT, value)

    def lte(self, value: float) -> PropertyCondition:
        """A number equal to or less than ``value``."""
        return self._condition(PropertyOperator.LTE, value)

    def contains(self, value: Scalar) -> PropertyCondition:
        """A text with ``value`` somewhere in it, or a list that has it as an element."""
        return self._condition(PropertyOperator.CONTAINS, value)

    def exists(self) -> PropertyCondition:
        """Present, and not null."""
        return self._condition(PropertyOperator.EXISTS, None)

    def not_exists(self) -> PropertyCondition:
        """Missing, or null."""
        return self._condition(PropertyOperator.NOT_EXISTS, None)

    def in_(self, *values: Scalar | Iterable[Scalar]) -> PropertyCondition:
        """Equal to one of the values, given one by one or as one collection."""
        return self._condition(PropertyOperator.IN, _listed(values))

    def not_in(self, *values: Scalar | Iterable[Scalar]) -> PropertyCondition:
        """Equal to none of the values, or missing."""
        return self._condition(PropertyOperator.NOT_IN, _listed(values))

    def starts_with(self, value: str) -> PropertyCondition:
        """A text that starts with ``value``."""
        return self._condition(PropertyOperator.STARTS_WITH, value)

    def ends_with(self, value: str) -> PropertyCondition:
        """A text that ends with ``value``."""
        return self._condition(PropertyOperator.ENDS_WITH, value)

    def before(self, value: str | date) -> PropertyCondition:
        """A date earlier than ``value``."""
        return self._condition(PropertyOperator.BEFORE, _iso(value))

    def after(self, value: str | date) -> PropertyCondition:
        """A date later than ``value``."""
        return self._condition(PropertyOperator.AFTER, _iso(value))

    def within_next(self, duration: timedelta) -> PropertyCondition:
        """A date in the future, at most ``duration`` away."""
        return self._condition(PropertyOperator.WITHIN_NEXT, duration)

    def within_last(self, duration: timedelta) -> PropertyCondition:
        """A date in the past, less than ``duration`` ago."""
        return self._condition(PropertyOperator.WITHIN_LAST, duration)

    def older_than(self, duration: timedelta) -> PropertyCondition:
        """A date ``duration`` ago or longer."""
        return self._condition(PropertyOperator.OLDER_THAN, duration)

    def _condition(self, operator: PropertyOperator, value: object) -> PropertyCondition:
        takes = OPERATORS[operator].takes
        place = f"b.prop({self.name!r}), {operator}: the value"
        checked = _check(lambda given: read_value(takes, given), value, place)
        return PropertyCondition(property=self.name, operator=operator, value=checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventBuilder(_Unfinished):
    """Events of one name, still to be asked for."""

    name: str
    filters: tuple[PropertyCondition, ...] = ()
    window: timedelta | None = None

    def where(self, *conditions: PropertyCondition) -> EventBuilder:
        """Only events whose own properties pass all of ``conditions`` count."""
        place = f"b.event({self.name!r}).where(…)"
        for condition in conditions:
            if not isinstance(_finished(condition, place), PropertyCondition):
                raise _refusal(
                    f"{place} takes conditions on properties only, such as b.prop(…).gt(5)"
                )
        return replace(self, filters=(*self.filters, *conditions))

    def within(self, duration: timedelta) -> EventBuilder:
        """Only events of the last ``duration`` count."""
        place = f"b.event({self.name!r}).within(…): the window"
        return replace(self, window=_check(read_duration, duration, place))

    def exists(self) -> EventCondition:
        """There is one at least."""
        return self._condition(Check.EXISTS)

    def not_exists(self) -> EventCondition:
        """There is none."""
        return self._condition(Check.NOT_EXISTS)

    def count(self, operator: CountOperator | str, value: int) -> EventCondition:
        """Their number compares: ``gte``, ``gt``, ``lte``, ``lt`` or ``eq``."""
        if operator not in tuple(CountOperator):
            names = ", ".join(CountOperator)
            raise _refusal(
                f"b.event({self.name!r}).count(…): {show(operator)} is not one of {names}"
            )
        return self._condition(Check.COUNT, CountOperator(operator), value)

    def at_least(self, value: int) -> EventCondition:
        """There are ``value`` or more."""
        return self._condition(Check.COUNT, CountOperator.GTE, value)

    def more_than(self, value: int) -> EventCondition:
        """There are more than ``value``."""
        return self._condition(Check.COUNT, CountOperator.GT, value)

    def at_most(self, value: int) -> EventCondition:
        """There are ``value`` or fewer, perhaps none."""
        return self._condition(Check.COUNT, CountOperator.LTE, value)

    def less_than(self, value: int) -> EventCondition:
        """There are fewer than ``value``, perhaps none."""
        return self._condition(Check.COUNT, CountOperator.LT, value)

    def exactly(self, value: int) -> EventCondition:
        """There are exactly ``value``."""
        return self._condition(Check.COUNT, CountOperator.EQ, value)

    def _condition(
        self, check: Check, operator: CountOperator | None = None, value: int | None = None
    ) -> EventCondition:
        if check is Check.COUNT:
            _check(read_count, value, f"b.event({self.name!r}), {operator}: the count")
        return EventCondition(
            event_name=self.name,
            check=check,
            operator=operator,
            value=value,
            within=self.window,
            where=self.filters,
        )


def _check(read: Callable[[object], Any], value: object, place: str) -> Any:
    try:
        return read(value)
    except UnfitError as error:
        raise _refusal(f"{place} {error}") from error


def _composite(place: str, operator: Logic, conditions: tuple[Criteria, ...]) -> CompositeCondition:
    if not conditions:
        raise _refusal(f"{place}() needs at least one condition")
    finished = tuple(_finished(condition, f"{place}(…)") for condition in conditions)
    return CompositeCondition(operator=operator, conditions=finished)


def _finished(value: object, place: str) -> Criteria:
    if _is_condition(value):
        return value
    if isinstance(value, _Unfinished):
        raise _refusal(f"{place}: {_unfinished_fault(value)}")
    hint = ""
    if isinstance(value, bool):
        hint = "; `and`, `or`, `not` and `==` do not make conditions: b.all, b.any, b.not_, .eq do"
    elif isinstance(value, list | tuple):
        hint = "; unpack a list: b.all(*conditions)"
    elif value is None:
        hint = "; does the function return its condition?"
    raise _refusal(
        f"{place} needs a condition such as b.event(…).exists(); got {show(value)}{hint}"
    )


def _is_condition(value: object) -> TypeGuard[Criteria]:
    return isinstance(value, _CONDITIONS)


def _unfinished_fault(value: _Unfinished) -> str:
    match value:
        case EventBuilder():
            return f"b.event({value.name!r}) is not finished; end it with .exists() or .at_least(n)"
        case PropertyBuilder():
            return f"b.prop({value.name!r}) is not finished; end it with .exists() or .eq(value)"
        case _:
            return f"{value!r} is not a condition"


def _listed(values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Values given one by one, or as one collection; a set in an order of our own."""
    if len(values) == 1 and isinstance(values[0], Iterable) and not isinstance(values[0], str):
        only = values[0]
        return tuple(sorted(only, key=_set_order) if isinstance(only, set | frozenset) else only)
    return values


def _set_order(value: object) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def _iso(value: object) -> object:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise _refusal(f"{value!r} has no time zone; write datetime(…, tzinfo=UTC)")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def _refusal(fault: str) -> DefinitionError:
    return DefinitionError([fault])
