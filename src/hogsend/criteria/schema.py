"""The JSON Schema (2020-12) of a tree."""

from __future__ import annotations

from typing import Any, Final

from hogsend.criteria.ast import CountOperator, Logic
from hogsend.criteria.dates import DATE_PATTERN
from hogsend.criteria.limits import (
    MAX_CONDITIONS,
    MAX_COUNT,
    MAX_NAME,
    MAX_NUMBER,
    MAX_TEXT,
    MAX_VALUES,
)
from hogsend.criteria.operators import OPERATORS, Takes

_KINDS: Final = ("property", "event", "composite", "not")
_NUMBER: Final = {"type": "number", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
_TEXT: Final = {"type": "string", "maxLength": MAX_TEXT}
_UNIT: Final = {"type": "number"}


def criteria_schema() -> dict[str, Any]:
    """The schema, with a definition for each kind of condition and of value under ``$defs``."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Criteria",
        "$ref": "#/$defs/condition",
        "$defs": {
            "condition": {"oneOf": [_ref(kind) for kind in _KINDS]},
            "property": {"oneOf": [_ref(_shape(takes)) for takes in Takes]},
            "filter": {
                "description": "A condition on an event's property; it must not move by the clock.",
                "oneOf": [_ref(_shape(takes)) for takes in Takes if takes is not Takes.DURATION],
            },
            "event": {"oneOf": [_event(count=False), _event(count=True)]},
            "composite": _composite(),
            "not": _object("not", {"condition": _ref("condition")}),
            **{_shape(takes): _property(takes) for takes in Takes},
            **_values(),
        },
    }


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/$defs/{name}"}


def _shape(takes: Takes) -> str:
    return f"property_{takes}"


def _values() -> dict[str, Any]:
    return {
        "name": {"type": "string", "minLength": 1, "maxLength": MAX_NAME},
        "scalar": {"anyOf": [_TEXT, _NUMBER, {"type": "boolean"}]},
        "number": _NUMBER,
        "text": _TEXT,
        "values": {
            "type": "array",
            "items": _ref("scalar"),
            "minItems": 1,
            "maxItems": MAX_VALUES,
        },
        "date": {"type": "string", "pattern": f"^(?:{DATE_PATTERN})$"},
        "duration": {
            "type": "object",
            "properties": {"hours": _UNIT, "minutes": _UNIT, "seconds": _UNIT},
            "additionalProperties": False,
            "minProperties": 1,
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


def _property(takes: Takes) -> dict[str, Any]:
    """The shape of the comparisons with one kind of value."""
    names = [str(name) for name, operator in OPERATORS.items() if operator.takes is takes]
    value = {} if takes is Takes.NOTHING else {"value": _ref(takes)}
    return _object("property", {"property": _ref("name"), "operator": {"enum": names}, **value})


def _event(*, count: bool) -> dict[str, Any]:
    check = {"const": "count"} if count else {"enum": ["exists", "not_exists"]}
    counted = {
        "operator": {"enum": [str(operator) for operator in CountOperator]},
        "value": {"type": "integer", "minimum": 0, "maximum": MAX_COUNT},
    }
    return _object(
        "event",
        {"eventName": _ref("name"), "check": check, **(counted if count else {})},
        {"within": _ref("duration"), "where": {"type": "array", "items": _ref("filter")}},
    )


def _composite() -> dict[str, Any]:
    conditions = {
        "type": "array",
        "items": _ref("condition"),
        "minItems": 1,
        "maxItems": MAX_CONDITIONS,
    }
    operator = {"enum": [str(logic) for logic in Logic]}
    return _object("composite", {"operator": operator, "conditions": conditions})
