"""The JSON form: one canonical text per tree, every fault with its path, no way to hurt."""

from __future__ import annotations

import json
import time

import pytest

from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.dump import canonical_json, dump, fingerprint
from hogsend.criteria.limits import MAX_CONDITIONS, MAX_DEPTH, MAX_FAULTS
from hogsend.criteria.parse import parse
from hogsend.durations import days, minutes, seconds
from hogsend.errors import DefinitionError

b = CriteriaBuilder()
EXISTS = {"type": "property", "property": "x", "operator": "exists"}
SEEN = {"type": "event", "eventName": "seen", "check": "exists"}


def every(*conditions):
    return {"type": "composite", "operator": "and", "conditions": list(conditions)}


def faults_of(value):
    with pytest.raises(DefinitionError) as caught:
        parse(value)
    return caught.value.faults


@pytest.mark.parametrize(
    ("tree", "form"),
    [
        (
            b.event("key.action").within(days(30)).at_least(10),
            {
                "type": "event",
                "eventName": "key.action",
                "check": "count",
                "operator": "gte",
                "value": 10,
                "within": {"hours": 720},
            },
        ),
        (b.event("seen").exists(), SEEN),
        (
            b.event("order").where(b.prop("total").gt(5.5)).within(minutes(90)).not_exists(),
            {
                "type": "event",
                "eventName": "order",
                "check": "not_exists",
                "within": {"minutes": 90},
                "where": [
                    {"type": "property", "property": "total", "operator": "gt", "value": 5.5}
                ],
            },
        ),
        (b.prop("x").exists(), EXISTS),
        (
            b.prop("x").eq(False),
            {"type": "property", "property": "x", "operator": "eq", "value": False},
        ),
        (
            b.prop("x").in_("a", 1),
            {"type": "property", "property": "x", "operator": "in", "value": ["a", 1]},
        ),
        (
            b.prop("x").older_than(seconds(1.5)),
            {
                "type": "property",
                "property": "x",
                "operator": "older_than",
                "value": {"seconds": 1.5},
            },
        ),
        (b.not_(b.prop("x").exists()), {"type": "not", "condition": EXISTS}),
        (
            b.any(b.prop("x").exists(), b.event("seen").exists()),
            {"type": "composite", "operator": "or", "conditions": [EXISTS, SEEN]},
        ),
    ],
)
def test_builder_and_json_are_the_same(tree, form):
    """The canonical form of each kind of condition, and back."""
    assert dump(tree) == form
    assert next(iter(dump(tree))) == "type"
    assert parse(form) == tree
    assert parse(json.loads(json.dumps(form))) == tree


def test_nulls_and_order_and_filter_types_may_be_left_to_the_writer():
    """What means the same becomes the same canonical form."""
    loose = {
        "where": [{"operator": "exists", "property": "p", "value": None}],
        "value": None,
        "operator": None,
        "within": {"minutes": 60, "seconds": 3600},
        "check": "exists",
        "eventName": "seen",
        "type": "event",
    }
    tree = parse(loose)
    assert tree == b.event("seen").where(b.prop("p").exists()).within(minutes(120)).exists()
    assert dump(tree)["within"] == {"hours": 2}
    assert fingerprint(tree) == fingerprint(parse(dump(tree)))


def test_fingerprint_changes_with_meaning_only():
    """It is the digest of the canonical text; 1, 1.0 and True are different criteria."""
    trees = [b.prop("x").eq(value) for value in (1, 1.0, True, "1", "True")]
    assert len({fingerprint(tree) for tree in trees}) == len(trees)
    assert fingerprint(trees[0]) == fingerprint(b.prop("x").eq(1))
    assert canonical_json(trees[0]) == (
        '{"operator":"eq","property":"x","type":"property","value":1}'
    )
    # It is stored, so it must not change from release to release.
    assert fingerprint(trees[0]).startswith("59c42e4a95a9")


def test_every_fault_is_reported_with_its_path():
    """All at once, in the order of the text."""
    faults = faults_of(
        {
            "type": "composite",
            "operator": "xor",
            "conditions": [
                {"type": "event", "eventName": 5, "check": "exist"},
                {"type": "evnt"},
                7,
                {
                    "type": "event",
                    "eventName": "seen",
                    "check": "count",
                    "operator": ">=",
                    "value": 2.5,
                    "within": {"days": 3},
                    "where": [{"property": "x", "operator": "eq"}, SEEN],
                },
                {"type": "not", "condition": {**SEEN, "withn": 3, "value": 1}},
                {"type": "composite", "operator": "or", "conditions": []},
                {"type": "not"},
            ],
        }
    )
    places = [fault.partition(": ")[0] for fault in faults]
    assert places == [
        "operator",
        "conditions[0].eventName",
        "conditions[0].check",
        "conditions[1].type",
        "conditions[2]",
        "conditions[3].operator",
        "conditions[3].value",
        "conditions[3].within",
        "conditions[3].where[0].value",
        "conditions[3].where[1]",
        "conditions[4].condition",
        "conditions[4].condition.value",
        "conditions[5].conditions",
        "conditions[6].condition",
    ]
    assert "must be one of and, or; got 'xor'" in faults[0]
    assert "did you mean within?" in faults[10]


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (None, "criteria: must be a condition, an object with a type; got None"),
        ([], "criteria: must be a condition, an object with a type; got []"),
        ({}, "type: must be one of property, event, composite, not; got None"),
        ({"type": "email_engagement"}, "type: email_engagement cannot be a bucket's criterion"),
        ({**EXISTS, "value": 5}, "value: takes no value; leave out 5"),
        ({**EXISTS, "operator": ["eq"]}, "operator: must be one of eq, neq"),
        ({**SEEN, "operator": "gte"}, 'operator: belongs to the check "count", not to "exists"'),
        ({**SEEN, "within": 7}, "within: must be a duration such as days(30), in JSON"),
        ({**SEEN, "within": {"hours": True}}, "within: is no duration: hours must be a number"),
        ({**SEEN, "within": {"hours": 10**400}}, "within: is no duration"),
        ({**SEEN, "within": {"hours": float("nan")}}, "within: is no duration"),
        ({**SEEN, "where": {"x": 1}}, "where: must be a list; got {'x': 1}"),
        ({**SEEN, "where": [5]}, "where[0]: must be a condition"),
        ({**SEEN, "foo": 1}, "criteria: 'foo' is no field of a condition of type event; remove it"),
        ({**SEEN, 5: 1}, "criteria: 5 is no field of a condition of type event"),
    ],
)
def test_one_fault(value, fault):
    """What is wrong, what was found, what would do."""
    (found,) = faults_of(value)
    assert found.startswith(fault)


def nested(depth):
    value = EXISTS
    for _ in range(depth):
        value = {"type": "not", "condition": value}
    return value


HOSTILE = {
    "10,000 leaves": every(*[SEEN] * 10_000),
    "10,000 filters": {**SEEN, "where": [EXISTS] * 10_000},
    "10,000 wrong leaves": every(*[{"type": "x" * 1000}] * 10_000),
    "100,000 values": {**EXISTS, "operator": "in", "value": ["x"] * 100_000},
    "many long values": every(
        *[{**EXISTS, "operator": "in", "value": ["x" * 2001] * 500}] * MAX_CONDITIONS
    ),
    "depth 1,000": nested(1_000),
    "a window of 10^12 days": {**SEEN, "within": {"hours": 24 * 10**12}},
    "a window of 200 years": {**SEEN, "within": {"hours": 24 * 365 * 200}},
    "an infinite window": {**SEEN, "within": {"seconds": float("inf")}},
    "a count of 10^9": {**SEEN, "check": "count", "operator": "gte", "value": 10**9},
    "not a number": {**EXISTS, "operator": "gt", "value": float("nan")},
    "1e400": {**EXISTS, "operator": "gt", "value": 10**400},
    "a number of 10,000 digits": {**EXISTS, "operator": "gt", "value": 10**10_000},
    "a NUL in a value": {**EXISTS, "operator": "eq", "value": "a\0b"},
    "a NUL in a name": {**SEEN, "eventName": "a\0b"},
    "half a surrogate pair": {**EXISTS, "operator": "contains", "value": "\ud83d"},
    "half a surrogate pair in a name": {**EXISTS, "property": "\udc00"},
    "a name of a megabyte": {**SEEN, "eventName": "x" * 10**6},
    "a text of a megabyte": {**EXISTS, "operator": "eq", "value": "x" * 10**6},
    "10,000 unknown fields": {**SEEN, **{f"field{number}": 1 for number in range(10_000)}},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_criteria_are_refused_quickly(name):
    """Within 100 ms, by a few short faults: no recursion, no overflow, no wading through."""
    began = time.perf_counter()
    faults = faults_of(HOSTILE[name])
    assert time.perf_counter() - began < 0.1
    assert len(faults) <= MAX_FAULTS + 1
    assert all(len(fault) < 600 for fault in faults)


def test_the_limits_themselves_are_allowed():
    """The largest and the deepest tree that is accepted."""
    assert len(parse(every(*[SEEN] * (MAX_CONDITIONS - 1))).conditions) == MAX_CONDITIONS - 1
    parse(nested(MAX_DEPTH - 1))
    assert faults_of(nested(MAX_DEPTH))


@pytest.mark.parametrize("text", ["'; drop table contacts; --", "$1", "(a+)+$", "%_\\", "{0}"])
def test_texts_are_only_texts(text):
    """SQL, patterns and formats in names and values are taken as they are."""
    tree = parse(
        every(
            {"type": "property", "property": text, "operator": "contains", "value": text},
            {**SEEN, "eventName": text},
        )
    )
    assert parse(dump(tree)) == tree
