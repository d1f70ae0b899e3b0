"""Trees from their JSON form, and from nothing that is not one.

``parse`` trusts nothing: it reports every fault with its path, up to a bound, and its work is
bounded by ``criteria.limits``.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias, TypeVar, assert_never

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
)
from hogsend.criteria.dump import canonical_json, dump, fingerprint
from hogsend.criteria.limits import MAX_CONDITIONS, MAX_DEPTH, MAX_FAULTS
from hogsend.criteria.operators import OPERATORS, ClockOperator, Takes
from hogsend.criteria.schema import criteria_schema
from hogsend.criteria.values import (
    UnfitError,
    read_count,
    read_duration,
    read_name,
    read_value,
    show,
)
from hogsend.criteria.walk import join
from hogsend.errors import DefinitionError

if TYPE_CHECKING:
    from datetime import timedelta

__all__ = ["canonical_json", "criteria_schema", "dump", "fingerprint", "parse"]

_T = TypeVar("_T")
_Enum = TypeVar("_Enum", bound=StrEnum)

_Fields: TypeAlias = Mapping[Any, Any]


class _Kind(StrEnum):
    PROPERTY = "property"
    EVENT = "event"
    COMPOSITE = "composite"
    NOT = "not"


_FIELDS: Final[Mapping[_Kind, frozenset[str]]] = {
    _Kind.PROPERTY: frozenset({"type", "property", "operator", "value"}),
    _Kind.EVENT: frozenset({"type", "eventName", "check", "operator", "value", "within", "where"}),
    _Kind.COMPOSITE: frozenset({"type", "operator", "conditions"}),
    _Kind.NOT: frozenset({"type", "condition"}),
}


def parse(value: object) -> Criteria:
    """Read a tree from decoded JSON.

    Raises:
        DefinitionError: It is no tree, or beyond a limit; one fault for each thing wrong,
            such as ``conditions[2].within: must be …``.
    """
    parser = _Parser()
    criteria = parser.condition(value, "", 1)
    if criteria is None or parser.faults:
        raise DefinitionError(parser.faults)
    return criteria


@dataclass(slots=True)
class _Parser:
    """Reads conditions and collects faults; a method returns None where it found one."""

    faults: list[str] = field(default_factory=list)
    conditions: int = 0

    def condition(self, value: object, path: str, depth: int) -> Criteria | None:
        return self._read(lambda given: self._condition(given, path, depth), value, path)

    def _condition(self, value: object, path: str, depth: int) -> Criteria | None:
        self._count()
        if depth > MAX_DEPTH:
            raise UnfitError(f"is nested deeper than {MAX_DEPTH} levels; flatten it")
        fields = _object(value)
        kind = self._read(_read_kind, fields.get("type"), join(path, "type"))
        if kind is None:
            return None
        self._known(fields, kind, path)
        match kind:
            case _Kind.PROPERTY:
                found: Criteria | None = self._property(fields, path)
            case _Kind.EVENT:
                found = self._event(fields, path)
            case _Kind.COMPOSITE:
                found = self._composite(fields, path, depth)
            case _Kind.NOT:
                found = self._not(fields, path, depth)
            case _:
                assert_never(kind)
        return found

    def _known(self, fields: _Fields, kind: _Kind, path: str) -> None:
        for name in (name for name in fields if name not in _FIELDS[kind]):
            close = difflib.get_close_matches(str(name)[:100], _FIELDS[kind], 1)
            hint = f"did you mean {close[0]}?" if close else "remove it"
            self._fault(path, f"{show(name)} is no field of a condition of type {kind}; {hint}")

    def _property(self, fields: _Fields, path: str) -> PropertyCondition | None:
        name = self._read(read_name, fields.get("property"), join(path, "property"))
        operator = self._member(PropertyOperator, fields, path)
        if operator is None:
            return None
        takes = OPERATORS[operator].takes
        where = join(path, "value")
        value = self._read(lambda given: read_value(takes, given), fields.get("value"), where)
        if name is None or (value is None and takes is not Takes.NOTHING):
            return None
        return PropertyCondition(property=name, operator=operator, value=value)

    def _event(self, fields: _Fields, path: str) -> EventCondition | None:
        before = len(self.faults)
        name = self._read(read_name, fields.get("eventName"), join(path, "eventName"))
        check = self._member(Check, fields, path, "check")
        operator, count = self._counted(check, fields, path)
        within = self._read(_read_window, fields.get("within"), join(path, "within"))
        where = self._where(fields.get("where"), join(path, "where"))
        if name is None or check is None or len(self.faults) > before:
            return None
        return EventCondition(
            event_name=name,
            check=check,
            operator=operator,
            value=count,
            within=within,
            where=where,
        )

    def _counted(
        self, check: Check | None, fields: _Fields, path: str
    ) -> tuple[CountOperator | None, int | None]:
        if check is Check.COUNT:
            operator = self._member(CountOperator, fields, path)
            return operator, self._read(read_count, fields.get("value"), join(path, "value"))
        for name in ("operator", "value"):
            if check is not None and fields.get(name) is not None:
                self._fault(join(path, name), f'belongs to the check "count", not to "{check}"')
        return None, None

    def _where(self, value: object, path: str) -> tuple[PropertyCondition, ...]:
        items = self._read(_read_list, () if value is None else value, path) or ()
        found = [
            self._read(partial(self._filter, path=f"{path}[{index}]"), item, f"{path}[{index}]")
            for index, item in enumerate(items)
        ]
        return tuple(condition for condition in found if condition is not None)

    def _filter(self, value: object, path: str) -> PropertyCondition | None:
        self._count()
        fields = _object(value)
        if fields.get("type", _Kind.PROPERTY) != _Kind.PROPERTY:
            raise UnfitError("must be a property condition: only an event's properties are asked")
        self._known(fields, _Kind.PROPERTY, path)
        condition = self._property(fields, path)
        if condition is not None and isinstance(OPERATORS[condition.operator], ClockOperator):
            raise UnfitError(
                f"{condition.operator} moves with the clock, and which events count must not; "
                "compare with before or after, or use within on the event"
            )
        return condition

    def _composite(self, fields: _Fields, path: str, depth: int) -> CompositeCondition | None:
        operator = self._member(Logic, fields, path)
        where = join(path, "conditions")
        items = self._read(_read_conditions, fields.get("conditions"), where)
        if items is None:
            return None
        found = [
            self.condition(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(items)
        ]
        conditions = tuple(condition for condition in found if condition is not None)
        if operator is None or len(conditions) < len(items):
            return None
        return CompositeCondition(operator=operator, conditions=conditions)

    def _not(self, fields: _Fields, path: str, depth: int) -> NotCondition | None:
        inner = self.condition(fields.get("condition"), join(path, "condition"), depth + 1)
        return None if inner is None else NotCondition(condition=inner)

    def _member(
        self, members: type[_Enum], fields: _Fields, path: str, name: str = "operator"
    ) -> _Enum | None:
        return self._read(partial(_read_member, members), fields.get(name), join(path, name))

    def _read(self, read: Callable[[Any], _T], value: object, path: str) -> _T | None:
        try:
            return read(value)
        except UnfitError as error:
            self._fault(path, str(error))
            return None

    def _count(self) -> None:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            self._give_up(
                f"has more than {MAX_CONDITIONS} conditions; compare with many values by `in`"
            )

    def _fault(self, path: str, message: str) -> None:
        self.faults.append(f"{path or 'criteria'}: {message}")
        if len(self.faults) >= MAX_FAULTS:
            self._give_up(f"has {MAX_FAULTS} faults or more; these are the first")

    def _give_up(self, message: str) -> NoReturn:
        raise DefinitionError([*self.faults, f"criteria: {message}"])


def _object(value: object) -> _Fields:
    if not isinstance(value, Mapping):
        raise UnfitError(f"must be a condition, an object with a type; got {show(value)}")
    return value


def _read_kind(value: object) -> _Kind:
    if value == "email_engagement":
        raise UnfitError(
            "email_engagement cannot be a bucket's criterion; use an event condition on the "
            "mail's own events instead"
        )
    return _read_member(_Kind, value)


def _read_member(members: type[_Enum], value: object) -> _Enum:
    if isinstance(value, str) and value in members._value2member_map_:
        return members(value)
    raise UnfitError(f"must be one of {', '.join(members)}; got {show(value)}")


def _read_window(value: object) -> timedelta | None:
    return None if value is None else read_duration(value)


def _read_list(value: object) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise UnfitError(f"must be a list; got {show(value)}")
    return value


def _read_conditions(value: object) -> Sequence[object]:
    items = _read_list(value)
    if not items:
        raise UnfitError("must have at least one condition")
    return items
