"""The builder makes the tree that one means, and says so when it cannot."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from hogsend.criteria.ast import (
    Check,
    CompositeCondition,
    CountOperator,
    EventCondition,
    Logic,
    NotCondition,
    PropertyCondition,
    PropertyOperator,
)
from hogsend.criteria.builder import CriteriaBuilder, build
from hogsend.criteria.limits import MAX_CONDITIONS, MAX_DEPTH
from hogsend.durations import days, hours
from hogsend.errors import DefinitionError

b = CriteriaBuilder()
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - naive on purpose


@pytest.mark.parametrize(
    ("built", "operator", "value"),
    [
        (b.prop("p").eq("a"), "eq", "a"),
        (b.prop("p").neq(True), "neq", True),
        (b.prop("p").gt(1), "gt", 1),
        (b.prop("p").gte(1.5), "gte", 1.5),
        (b.prop("p").lt(-1), "lt", -1),
        (b.prop("p").lte(0), "lte", 0),
        (b.prop("p").contains("a"), "contains", "a"),
        (b.prop("p").exists(), "exists", None),
        (b.prop("p").not_exists(), "not_exists", None),
        (b.prop("p").in_("a", 1), "in", ("a", 1)),
        (b.prop("p").in_(["a", 1]), "in", ("a", 1)),
        (b.prop("p").in_("abc"), "in", ("abc",)),
        (b.prop("p").in_({"b", "a", 2, 1}), "in", (1, 2, "a", "b")),
        (b.prop("p").not_in(("a",)), "not_in", ("a",)),
        (b.prop("p").starts_with("a"), "starts_with", "a"),
        (b.prop("p").ends_with("a"), "ends_with", "a"),
        (b.prop("p").before("2026-01-31"), "before", "2026-01-31"),
        (b.prop("p").before(date(2026, 1, 31)), "before", "2026-01-31"),
        (b.prop("p").after(datetime(2026, 1, 31, 9, tzinfo=UTC)), "after", "2026-01-31T09:00:00Z"),
        (
            b.prop("p").after(datetime(2026, 1, 31, 9, tzinfo=timezone(hours(5)))),
            "after",
            "2026-01-31T04:00:00Z",
        ),
        (b.prop("p").within_next(days(3)), "within_next", timedelta(days=3)),
        (b.prop("p").within_last(days(3)), "within_last", timedelta(days=3)),
        (b.prop("p").older_than(days(3)), "older_than", timedelta(days=3)),
    ],
)
def test_property_conditions(built, operator, value):
    """Every comparison of a property."""
    assert built == PropertyCondition(
        property="p", operator=PropertyOperator(operator), value=value
    )


@pytest.mark.parametrize(
    ("built", "check", "operator", "value"),
    [
        (b.event("e").exists(), "exists", None, None),
        (b.event("e").not_exists(), "not_exists", None, None),
        (b.event("e").count("lte", 2), "count", "lte", 2),
        (b.event("e").count(CountOperator.EQ, 2), "count", "eq", 2),
        (b.event("e").at_least(2), "count", "gte", 2),
        (b.event("e").more_than(2), "count", "gt", 2),
        (b.event("e").at_most(2), "count", "lte", 2),
        (b.event("e").less_than(2), "count", "lt", 2),
        (b.event("e").exactly(2), "count", "eq", 2),
    ],
)
def test_event_conditions(built, check, operator, value):
    """Every question about events."""
    assert built == EventCondition(
        event_name="e",
        check=Check(check),
        operator=operator and CountOperator(operator),
        value=value,
    )


def test_events_with_filter_and_window_in_any_order():
    """``where`` adds up, and does not care on which side of ``within`` it stands."""
    first, second = b.prop("x").gt(1), b.prop("y").exists()
    one = b.event("e").where(first).within(days(1)).where(second).exists()
    other = b.event("e").within(days(1)).where(first, second).exists()
    assert one == other
    assert one == EventCondition(
        event_name="e", check=Check.EXISTS, within=timedelta(days=1), where=(first, second)
    )


def test_a_builder_can_be_used_again():
    """It is frozen: what follows from it does not change it."""
    seen = b.event("seen")
    assert seen.within(days(1)).exists() != seen.exists()
    assert seen.exists().within is None


def test_composites():
    """All, any and not."""
    x, y = b.prop("x").exists(), b.event("y").exists()
    assert b.all(x, y) == CompositeCondition(operator=Logic.AND, conditions=(x, y))
    assert b.any(x, y) == CompositeCondition(operator=Logic.OR, conditions=(x, y))
    assert b.not_(x) == NotCondition(condition=x)


def test_callable_tree_and_json_give_one_tree():
    """However the criteria are given."""
    tree = b.all(b.prop("plan").eq("pro"), b.event("seen").within(days(7)).not_exists())
    given = {
        "type": "composite",
        "operator": "and",
        "conditions": [
            {"type": "property", "property": "plan", "operator": "eq", "value": "pro"},
            {
                "type": "event",
                "eventName": "seen",
                "check": "not_exists",
                "within": {"hours": 168},
            },
        ],
    }
    assert build(lambda _: tree) == build(tree) == build(given) == tree


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda b: b.event("x"), r"b\.event\('x'\) is not finished; end it with \.exists\(\)"),
        (lambda b: b.prop("x"), r"b\.prop\('x'\) is not finished; end it with .* \.eq\(value\)"),
        (lambda b: b.all(b.event("x")), r"b\.all\(…\): b\.event\('x'\) is not finished"),
        (lambda b: b.not_(b.prop("x")), r"b\.not_\(…\): b\.prop\('x'\) is not finished"),
        (lambda b: b.event("x") and b.event("y").exists(), "is not finished"),
        (lambda b: b.event("x").exists() and b.event("y").exists(), "has no truth value.*b.all"),
        (lambda b: b.event("x").exists() or b.event("y").exists(), "has no truth value.*b.any"),
        (lambda b: not b.event("x").exists(), r"has no truth value.*b\.not_"),
        (lambda b: b.prop("x") == "pro", "got False; .* do not make conditions"),
        (lambda _: None, "got None; does the function return its condition"),
        (lambda b: b.all([b.prop("x").exists()]), r"unpack a list: b\.all\(\*conditions\)"),
        (lambda b: b.all(), r"b\.all\(\) needs at least one condition"),
        (lambda b: b.any(), r"b\.any\(\) needs at least one condition"),
        (lambda b: b.prop(""), "the property's name must be a text that is not empty"),
        (lambda b: b.event(5), "the event's name must be a text that is not empty; got 5"),
        (lambda b: b.event("x" * 201), "at most 200 characters; this has 201"),
        (lambda b: b.prop("x").eq(None), "the value cannot be null; ask with exists"),
        (lambda b: b.prop("x").eq([1]), "must be a text, a number or a boolean"),
        (lambda b: b.prop("x").gt("5"), r"b\.prop\('x'\), gt: the value must be a number"),
        (lambda b: b.prop("x").gt(True), "must be a number"),
        (lambda b: b.prop("x").lt(float("inf")), "must be a number between"),
        (lambda b: b.prop("x").in_(), "must be a list of at least one value"),
        (lambda b: b.prop("x").in_(5, None), "cannot be null"),
        (lambda b: b.prop("x").in_(range(501)), "at most 500 values"),
        (lambda b: b.prop("x").starts_with(5), "must be a text; got 5"),
        (lambda b: b.prop("x").contains("x\0"), r"U\+0000"),
        (lambda b: b.prop("x").before("tomorrow"), "must be an ISO 8601 date with a zone"),
        (lambda b: b.prop("x").before(NAIVE), "has no time zone"),
        (lambda b: b.prop("x").within_next(3), r"must be a duration such as days\(30\)"),
        (lambda b: b.prop("x").older_than(days(40_000)), "must be at most 36525 days"),
        (lambda b: b.event("x").within(7), r"the window must be a duration such as days\(30\)"),
        (lambda b: b.event("x").count(">", 7), "'>' is not one of gte, gt, lte, lt, eq"),
        (lambda b: b.event("x").at_least("7"), "the count must be a whole number"),
        (lambda b: b.event("x").at_least(7.0), "the count must be a whole number"),
        (lambda b: b.event("x").exactly(-1), "from 0 to 10000; got -1"),
        (lambda b: b.event("x").at_least(10_001), "from 0 to 10000"),
        (lambda b: b.event("x").where(b.event("y").exists()), "conditions on properties only"),
        (lambda b: b.event("x").where(b.prop("y")), r"b\.prop\('y'\) is not finished"),
        (lambda b: b.event("x").where(lambda e: e), "needs a condition"),
        (
            lambda b: b.event("x").where(b.prop("y").within_next(days(3))).exists(),
            r"where\[0\]: within_next moves with the clock",
        ),
        (
            lambda b: b.all(*[b.prop("x").exists()] * MAX_CONDITIONS),
            f"more than {MAX_CONDITIONS} conditions",
        ),
    ],
)
def test_misuse_says_what_to_do(make, message):
    """A forgotten end, a wrong type, Python's own ``and``: all are refused with a way out."""
    with pytest.raises(DefinitionError, match=message):
        build(make)


def test_a_tree_made_by_hand_is_checked_like_any_other():
    """Its values, its depth: with paths."""
    tree = PropertyCondition(property="x", operator=PropertyOperator.GT, value="5")
    with pytest.raises(DefinitionError, match=r"conditions\[0\].value: must be a number"):
        build(CompositeCondition(operator=Logic.AND, conditions=(tree,)))
    window = EventCondition(event_name="x", check=Check.EXISTS, within=7)
    with pytest.raises(DefinitionError, match="within: must be a duration"):
        build(window)
    deep = PropertyCondition(property="x", operator=PropertyOperator.EXISTS)
    for _ in range(MAX_DEPTH):
        deep = NotCondition(condition=deep)
    with pytest.raises(DefinitionError, match="nested deeper"):
        build(deep)
    with pytest.raises(DefinitionError, match="is not a condition"):
        build(CompositeCondition(operator=Logic.AND, conditions=("x",)))


def test_an_error_inside_the_callable_is_its_own():
    """Not hidden behind one of ours."""
    with pytest.raises(ZeroDivisionError):
        build(lambda b: b.prop("x").gt(1 / 0))


def test_equality_is_strict():
    """1, 1.0 and True, 0.0 and -0.0, are different criteria, alone and in lists."""
    values = [1, 1.0, True, 0.0, -0.0, "1"]
    conditions = {b.prop("x").eq(value) for value in values}
    lists = {b.prop("x").in_([value]) for value in values}
    assert len(conditions) == len(lists) == len(values)
    assert b.prop("x").eq(1) != "x"
