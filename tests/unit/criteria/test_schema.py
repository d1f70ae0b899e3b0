"""The JSON Schema admits what ``parse`` admits."""

from __future__ import annotations

import json
import re

import pytest
from tests.unit.criteria.examples import clock_examples, examples

from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.dump import dump
from hogsend.criteria.parse import parse
from hogsend.criteria.schema import criteria_schema
from hogsend.durations import days
from hogsend.errors import DefinitionError

SCHEMA = criteria_schema()
b = CriteriaBuilder()
_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "integer": int,
    "number": (int, float),
}


def admits(schema, value):
    """Whether a schema admits a value; knows the keywords that ours uses, and no others."""
    return all(_KEYWORDS[keyword](argument, value, schema) for keyword, argument in schema.items())


def _ref(reference):
    found = SCHEMA
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    return found


def _is_type(name, value):
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _equal(one, other):
    return type(one) is type(other) and one == other


_KEYWORDS = {
    "$schema": lambda *_: True,
    "title": lambda *_: True,
    "description": lambda *_: True,
    "$defs": lambda *_: True,
    "$ref": lambda reference, value, _: admits(_ref(reference), value),
    "oneOf": lambda options, value, _: sum(admits(each, value) for each in options) == 1,
    "anyOf": lambda options, value, _: any(admits(each, value) for each in options),
    "const": lambda constant, value, _: _equal(constant, value),
    "enum": lambda members, value, _: any(_equal(each, value) for each in members),
    "type": lambda name, value, _: _is_type(name, value),
    "required": lambda names, value, _: set(names) <= set(value),
    "properties": lambda parts, value, _: all(
        admits(part, value[name]) for name, part in parts.items() if name in value
    ),
    "additionalProperties": lambda _, value, schema: set(value) <= set(schema["properties"]),
    "minProperties": lambda bound, value, _: len(value) >= bound,
    "items": lambda part, value, _: all(admits(part, each) for each in value),
    "minItems": lambda bound, value, _: len(value) >= bound,
    "maxItems": lambda bound, value, _: len(value) <= bound,
    "minLength": lambda bound, value, _: len(value) >= bound,
    "maxLength": lambda bound, value, _: len(value) <= bound,
    "minimum": lambda bound, value, _: value >= bound,
    "maximum": lambda bound, value, _: value <= bound,
    "pattern": lambda pattern, value, _: re.search(pattern, value) is not None,
}


def safely(value):
    """As ``admits``; a keyword that does not fit the value's type refuses it."""
    try:
        return admits(SCHEMA, value)
    except TypeError:
        return False


def parses(value):
    try:
        parse(value)
    except DefinitionError:
        return False
    return True


def test_it_is_plain_json():
    """It can be published as it is."""
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA


def test_it_admits_every_operator():
    """All examples of all operators, alone and as a filter of events."""
    for case in [*examples(), *clock_examples()]:
        assert admits(SCHEMA, dump(case.condition)), case
    for case in examples():
        assert admits(SCHEMA, dump(b.event("e").where(case.condition).within(days(1)).exists()))


@pytest.mark.parametrize(
    "change",
    [
        {"type": "evnt"},
        {"type": None},
        {"eventName": ""},
        {"eventName": 5},
        {"eventName": "x" * 201},
        {"check": "exist"},
        {"operator": "eq"},
        {"value": 1},
        {"check": "count"},
        {"check": "count", "operator": "gte", "value": -1},
        {"check": "count", "operator": "gte", "value": 10_001},
        {"check": "count", "operator": "gte", "value": 1.5},
        {"check": "count", "operator": "gte", "value": True},
        {"check": "count", "operator": "neq", "value": 1},
        {"within": 5},
        {"within": {}},
        {"within": {"days": 5}},
        {"within": {"hours": "5"}},
        {"where": {}},
        {"where": [{"type": "event", "eventName": "x", "check": "exists"}]},
        {
            "where": [
                {
                    "type": "property",
                    "property": "x",
                    "operator": "older_than",
                    "value": {"hours": 1},
                }
            ]
        },
        {"surprise": 1},
    ],
    ids=str,
)
def test_it_refuses_what_parse_refuses(change):
    """Wrong kinds, wrong fields, wrong sizes."""
    value = {"type": "event", "eventName": "seen", "check": "exists", **change}
    assert not parses(value)
    assert not safely(value)


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("eq", None),
        ("eq", [1]),
        ("gt", "5"),
        ("gt", True),
        ("in", []),
        ("in", "a"),
        ("in", [None]),
        ("starts_with", 5),
        ("before", "soon"),
        ("before", "2025-02-29"),
        ("within_next", 3),
        ("exists", 3),
        ("is", 3),
    ],
)
def test_it_refuses_values_of_the_wrong_kind(operator, value):
    """Each operator takes its own kind of value."""
    condition = {"type": "property", "property": "x", "operator": operator, "value": value}
    assert not parses(condition)
    assert not safely(condition)
