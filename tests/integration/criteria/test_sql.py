"""The compiled SQL on a real PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import combinations, groupby

import asyncpg
import pytest
from tests.property.criteria.strategies import Case
from tests.property.criteria.test_equivalence import judge_in_memory
from tests.property.oracle import Event
from tests.unit.criteria.examples import clock_examples, examples

from hogsend.criteria.builder import CriteriaBuilder, build
from hogsend.criteria.describe import describe
from hogsend.criteria.evaluate import Verdict
from hogsend.criteria.limits import MAX_CONDITIONS, MAX_COUNT, MAX_DEPTH, MAX_WINDOW
from hogsend.criteria.sql import compile_selection, compile_where
from hogsend.durations import days, hours

NOW = datetime(2026, 3, 1, tzinfo=UTC)
b = CriteriaBuilder()


def by_condition(cases):
    key = lambda case: repr(case.condition)  # noqa: E731
    return [list(group) for _, group in groupby(sorted(cases, key=key), key=key)]


@pytest.mark.parametrize("group", by_condition(examples()), ids=lambda group: repr(group[0]))
def test_operators_mean_what_the_examples_say(judge, group):
    """The same examples as in memory; NULL never comes out."""
    cases = [Case(properties=each.properties, history=[], now=NOW) for each in group]
    expected = [Verdict(matches=each.holds) for each in group]
    assert judge.verdicts(group[0].condition, cases) == expected


@pytest.mark.parametrize("group", by_condition(clock_examples()), ids=lambda group: repr(group[0]))
def test_clock_operators_hold_in_their_spans(judge, group):
    """To the microsecond, flips included, in a session of Berlin."""
    cases = [Case(properties=each.properties, history=[], now=each.now) for each in group]
    expected = [Verdict(matches=each.holds, flips_at=each.flips_at) for each in group]
    assert judge.verdicts(group[0].condition, cases) == expected


def events(*times, name="seen"):
    return [Event(name=name, at=time, properties={}) for time in times]


SEEN, COMPLAINED = b.event("seen"), b.event("complained")
PAID = b.event("order").where(b.prop("total").gt(5))
LAPSED = b.all(SEEN.exists(), SEEN.within(days(7)).not_exists())
TREES = [
    SEEN.exists(),
    SEEN.within(days(7)).exists(),
    SEEN.within(days(30)).at_least(2),
    SEEN.within(days(8)).less_than(2),
    SEEN.within(days(8)).exactly(1),
    SEEN.exactly(2),
    b.event("other").within(days(1)).not_exists(),
    LAPSED,
    b.not_(LAPSED),
    PAID.exists(),
    PAID.within(days(2)).not_exists(),
    b.all(LAPSED, PAID.within(days(2)).not_exists()),
    b.any(LAPSED, COMPLAINED.within(days(2)).exists()),
    b.any(LAPSED, COMPLAINED.within(days(1)).not_exists()),
    b.all(SEEN.within(days(9)).exists(), COMPLAINED.within(days(3)).exists()),
    b.any(SEEN.within(days(9)).exists(), COMPLAINED.within(days(3)).exists()),
    b.all(b.any(LAPSED, COMPLAINED.within(days(1)).not_exists()), PAID.at_least(1)),
    b.all(SEEN.within(days(30)).at_least(2), COMPLAINED.within(days(1)).not_exists()),
    b.all(
        b.any(
            SEEN.within(days(5)).not_exists(),
            COMPLAINED.within(hours(12)).not_exists(),
        ),
        b.event("order").within(days(1)).not_exists(),
    ),
    b.any(b.prop("plan").eq("pro"), SEEN.exists()),
    b.all(b.prop("plan").neq("pro"), b.any(LAPSED, b.prop("plan").exists())),
]
_TICK = timedelta(microseconds=1)
_EVENTS = [
    Event(name="seen", at=NOW, properties={}),
    Event(name="seen", at=NOW - days(7), properties={}),
    Event(name="seen", at=NOW - days(7) - _TICK, properties={}),
    Event(name="seen", at=NOW - days(8), properties={}),
    Event(name="seen", at=NOW + days(1), properties={}),
    Event(name="complained", at=NOW - days(3) + _TICK, properties={}),
    Event(name="complained", at=NOW - days(1), properties={}),
    Event(name="order", at=NOW - days(3), properties={"total": 6}),
    Event(name="order", at=NOW - days(1) + _TICK, properties={"total": 5}),
    Event(name="order", at=NOW - days(1), properties={"total": 6}),
]
HISTORIES = [
    Case(properties={}, history=list(chosen), now=NOW)
    for size in range(4)
    for chosen in combinations(_EVENTS, size)
]


@pytest.mark.parametrize("tree", TREES, ids=describe)
def test_sql_says_what_memory_says(judge, tree):
    """For every history of up to three events at the edges of the windows."""
    assert judge.verdicts(tree, HISTORIES) == [judge_in_memory(tree, case) for case in HISTORIES]


def test_a_day_is_24_hours_when_the_clocks_change(judge):
    """30 days before a changed clock are 720 hours, whatever the session's time zone."""
    before_the_change = datetime(2026, 3, 20, 12, tzinfo=UTC)
    tree = b.event("seen").within(days(30)).exists()
    end = before_the_change + timedelta(hours=720)
    cases = [
        Case(properties={}, history=events(before_the_change), now=end + shift)
        for shift in (timedelta(microseconds=-1), timedelta(0))
    ]
    assert judge.verdicts(tree, cases) == [
        Verdict(matches=True, flips_at=end),
        Verdict(matches=False),
    ]


def test_the_end_of_time(judge):
    """Windows that reach past year 9999 have no end; nothing overflows."""
    last = datetime(9999, 12, 31, 23, tzinfo=UTC)
    tree = b.event("seen").within(MAX_WINDOW).exists()
    assert judge.verdicts(tree, [Case(properties={}, history=events(last), now=last)]) == [
        Verdict(matches=True)
    ]


def test_a_shut_gate_reads_no_events(judge):
    """Who has the wrong plan does not match, whatever was done."""
    tree = b.all(b.prop("plan").eq("pro"), b.event("seen").within(days(7)).not_exists())
    history = events(NOW - days(9))
    free = Case(properties={"plan": "free"}, history=history, now=NOW)
    pro = Case(properties={"plan": "pro"}, history=history, now=NOW)
    assert judge.verdicts(tree, [free, pro]) == [Verdict(matches=False), Verdict(matches=True)]


def every_shape():
    """One condition of every kind, joined in every way."""
    order = b.event("order.placed").where(b.prop("total").gte(50), b.prop("kind").neq("test"))
    return build(
        b.any(
            b.all(b.prop("plan").in_("pro", "team"), order.within(days(30)).at_least(2)),
            b.all(b.event("seen").exists(), b.event("seen").within(days(7)).not_exists()),
            b.not_(b.event("seen").exactly(3)),
            b.prop("trial_ends_at").within_next(days(3)),
            b.event("bought").at_least(0),
        )
    )


async def add(connection, user_id, properties=None, **seen):
    await connection.execute(
        "INSERT INTO contacts (user_id, properties, created_at, updated_at) "
        "VALUES ($1, $2::text::jsonb, $3, $3)",
        user_id,
        json.dumps(properties or {}),
        NOW,
    )
    for name, times in seen.items():
        await connection.executemany(
            "INSERT INTO user_events (user_id, event, occurred_at, id, received_at) "
            "VALUES ($1, $2, $3, gen_random_uuid(), $3)",
            [(user_id, name, time) for time in times],
        )


async def test_the_default_scope_takes_now_and_user_ids(connection):
    """One row for each contact that is there, with or without events."""
    await add(connection, "lapsed", seen=[NOW - days(9), NOW - days(8)])
    await add(connection, "active", seen=[NOW - days(9), NOW - hours(1)])
    await add(connection, "silent")
    await add(connection, "not asked", seen=[NOW - days(9)])
    seen = b.event("seen")
    tree = build(b.all(seen.exists(), seen.within(days(7)).not_exists()))
    selection = compile_selection(tree)
    users = ["lapsed", "active", "silent", "nobody"]
    rows = await connection.fetch(selection.text, NOW, users, *selection.params)
    assert {row["user_id"]: tuple(row)[1:] for row in rows} == {
        "lapsed": (True, None, NOW - days(1)),
        "active": (False, NOW - hours(1) + days(7), None),
        "silent": (False, None, None),
    }


async def test_it_composes_as_a_subquery_of_any_scope(connection):
    """Here: a range of keys, with parameters of the caller's own before and after."""
    for number in range(6):
        await add(connection, f"u{number}", {"plan": "pro" if number % 2 else "free"})
    selection = compile_selection(
        build(b.prop("plan").eq("pro")),
        scope="(select * from contacts where user_id > $2 order by user_id limit $3)",
        taken=3,
    )
    text = f"select user_id from ({selection.text}) judged where matches order by 1"
    rows = await connection.fetch(text, NOW, "u0", 4, *selection.params)
    assert [row["user_id"] for row in rows] == ["u1", "u3"]


@pytest.mark.parametrize(
    "tree",
    [
        b.prop("plan").eq("pro"),
        b.prop("plan").older_than(days(1)),
        b.event("seen").at_least(0),
        b.event("seen").less_than(0),
        b.event("seen").exists(),
        every_shape(),
    ],
)
async def test_any_driver_can_run_it(database, tree):
    """Codecs for jsonb do not matter, and every parameter has a type of its own."""
    plain = await asyncpg.connect(database)
    try:
        await add(plain, "u", {"plan": "pro"}, seen=[NOW])
        selection = compile_selection(build(tree))
        (row,) = await plain.fetch(selection.text, NOW, ["u"], *selection.params)
        assert row["matches"] in {True, False}
    finally:
        await plain.close()


async def test_where_is_an_expression_on_any_jsonb_column(connection):
    """Bound by the caller, in the caller's numbering; no condition is true."""
    params = []

    def bind(value):
        params.append(value)
        return f"${len(params) + 1}"

    where = (b.prop("total").gt(5), b.prop("kind").not_in("test", "demo"))
    sql = compile_where(where, "given.props", bind)
    rows = [{"total": 6}, {"total": 6, "kind": "test"}, {"total": 5}, {}]
    found = await connection.fetch(
        f"select ({sql}) as passes from unnest($1::jsonb[]) given (props)", rows, *params
    )
    assert [row["passes"] for row in found] == [True, False, False, False]
    assert compile_where((), "x", bind) == "true"


async def test_hostile_texts_are_bound_never_executed(connection):
    """SQL in names and values finds nothing and drops nothing."""
    evil = "x'); DROP TABLE contacts; --"
    tree = b.any(
        b.prop(evil).contains(evil),
        b.prop(evil).in_(evil, "%"),
        b.event(evil).where(b.prop(evil).ends_with(evil)).exists(),
    )
    selection = compile_selection(build(tree))
    assert "DROP" not in selection.text
    await add(connection, "u", {evil: f"--{evil}--"})
    (row,) = await connection.fetch(selection.text, NOW, ["u"], *selection.params)
    assert row["matches"]


async def test_the_largest_trees_fit(connection):
    """As many leaves as are allowed, as deep as is allowed, as high a count."""
    await add(connection, "u", seen=[NOW])
    leaves = [
        b.event(f"event {number}").within(days(number + 1)).not_exists()
        for number in range(MAX_CONDITIONS - 1)
    ]
    deep = b.event("seen").within(days(1)).at_least(MAX_COUNT)
    for level in range(MAX_DEPTH - 1):
        deep = b.any(deep, leaves[level]) if level % 2 else b.all(deep, leaves[level])
    for tree in (b.all(*leaves), deep):
        selection = compile_selection(build(tree))
        (row,) = await connection.fetch(selection.text, NOW, ["u"], *selection.params)
        assert row["matches"]
