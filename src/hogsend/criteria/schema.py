"""The JSON Schema (2020-12) of a tree."""

from __future__ import annotations

from typing import Any, Final

from hogsend.criteria.ast import CountOperator, Logic, PropertyOperator
from hogsend.criteria.dates import DATE_PATTERN
from hogsend.criteria.limits import (
    MAX_CONDITIONS,
    MAX_COUNT,
    MAX_NAME,
    MAX_NUMBER,
    MAX_TEXT,
    MAX_VALUES,
)
from hogsend.criteria.operators import OPERATORS, ClockOperator, Takes

_NAME: Final = {"type": "string", "minLength": 1, "maxLength": MAX_NAME}
_NUMBER: Final = {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
_TEXT: Final = {"type": "string", "maxLength": MAX_TEXT}
_SCALAR: Final = {"anyOf": [_TEXT, _NUMBER, {"type": "boolean"}]}
_UNIT: Final = {"type": "number"}
_DURATION: Final = {
    "type": "object",
    "properties": {"hours": _UNIT, "minutes": _UNIT, "seconds": _UNIT},
    "additionalProperties": False,
    "minProperties": 1,
}
_VALUES: Final[dict[Takes, dict[str, Any]]] = {
    Takes.SCALAR: _SCALAR,
    Takes.NUMBER: _NUMBER,
    Takes.TEXT: _TEXT,
    Takes.VALUES: {"type": "array", "items": _SCALAR, "minItems": 1, "maxItems": MAX_VALUES},
    Takes.DATE: {"type": "string", "pattern": f"^(?:{DATE_PATTERN})$"},
    Takes.DURATION: _DURATION,
}


def criteria_schema() -> dict[str, Any]:
    """The schema, with a definition for each kind of condition under ``$defs``."""
    kinds = ("property", "event", "composite", "not")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Criteria",
        "$ref": "#/$defs/condition",
        "$defs": {
            "condition": {"oneOf": [{"$ref": f"#/$defs/{kind}"} for kind in kinds]},
            "property": {"oneOf": _properties(clock=True)},
            "filter": {"oneOf": _properties(clock=False)},
            "event": {"oneOf": [_event(count=False), _event(count=True)]},
            "composite": _composite(),
            "not": _object("not", {"condition": {"$ref": "#/$defs/condition"}}),
        },
    }


def _object(
    kind: str, properties: dict[str, Any], optional: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"type": {"const": kind}, **properties, **(optional or {})},
        "required": ["type", *properties],
        "additionalProperties": False,
    }


def _properties(*, clock: bool) -> list[dict[str, Any]]:
    """One shape per kind of value; ``clock``: with the operators that move with the clock."""
    kinds: dict[Takes, list[PropertyOperator]] = {}
    for name, operator in OPERATORS.items():
        if clock or not isinstance(operator, ClockOperator):
            kinds.setdefault(operator.takes, []).append(name)
    return [_property(takes, names) for takes, names in kinds.items()]


def _property(takes: Takes, names: list[PropertyOperator]) -> dict[str, Any]:
    value = {} if takes is Takes.NOTHING else {"value": _VALUES[takes]}
    return _object(
        "property",
        {"property": _NAME, "operator": {"enum": [str(name) for name in names]}, **value},
    )


def _event(*, count: bool) -> dict[str, Any]:
    check = {"const": "count"} if count else {"enum": ["exists", "not_exists"]}
    counted = {
        "operator": {"enum": [str(name) for name in CountOperator]},
        "value": {"type": "integer", "minimum": 0, "maximum": MAX_COUNT},
    }
    where = {"type": "array", "items": {"$ref": "#/$defs/filter"}}
    return _object(
        "event",
        {"eventName": _NAME, "check": check, **(counted if count else {})},
        {"within": _DURATION, "where": where},
    )


def _composite() -> dict[str, Any]:
    conditions = {
        "type": "array",
        "items": {"$ref": "#/$defs/condition"},
        "minItems": 1,
        "maxItems": MAX_CONDITIONS,
    }
    return _object(
        "composite", {"operator": {"enum": [str(name) for name in Logic]}, "conditions": conditions}
    )
