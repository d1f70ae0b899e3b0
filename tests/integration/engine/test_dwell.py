"""Stays that are announced because they last."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.world import START, World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours
from hogsend.errors import DefinitionError


def trial(**limits):
    return define_bucket(
        id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial"), **limits
    )


async def dwells(world):
    """(label, count, at) of every announcement, in order."""
    rows = await world.pool.fetch(
        "SELECT event, properties, occurred_at FROM user_events "
        "WHERE event LIKE 'bucket:dwell:%' ORDER BY id"
    )
    for row in rows:
        assert row["event"] == f"bucket:dwell:trial:{row['properties']['label']}"
    return [
        (row["properties"]["label"], row["properties"]["dwellCount"], row["occurred_at"])
        for row in rows
    ]


async def test_after_fires_once_per_stay_at_its_instant(pool):
    """Thirty days into the trial, once; a second trial starts afresh."""
    world = World(pool, [trial().schedule_dwell(after=days(30))])
    await world.contact("ann", plan="trial")
    await world.advance(days(100))
    await world.contact("ann", plan="pro")
    await world.contact("ann", plan="trial")
    await world.advance(days(100))
    assert await dwells(world) == [
        ("after-30-days", 1, START + days(30)),
        ("after-30-days", 1, START + days(130)),
    ]


async def test_every_fires_at_each_interval(pool):
    """Weekly, each with its number, until the user leaves."""
    world = World(pool, [trial().schedule_dwell(every=days(7), label="weekly")])
    await world.contact("ann", plan="trial")
    await world.advance(days(22))
    await world.contact("ann", plan="pro")
    await world.advance(days(30))
    assert await dwells(world) == [("weekly", n, START + n * days(7)) for n in (1, 2, 3)]


async def test_missed_intervals_are_made_up_for_by_one(pool):
    """The workers slept for a month: one announcement says that four weeks are over."""
    world = World(pool, [trial().schedule_dwell(every=days(7), label="weekly")])
    await world.contact("ann", plan="trial")
    world.clock.set(START + days(30))
    await world.engine.pump.settle_due()
    assert await dwells(world) == [("weekly", 4, START + days(28))]
    await world.advance(days(5))
    assert [count for _, count, _ in await dwells(world)] == [4, 5]


async def test_a_leave_at_the_same_instant_comes_first(pool):
    """A two-week time-box with a dwell at two weeks: the stay is over, nothing is announced."""
    world = World(
        pool, [trial(max_dwell=days(14), entry_limit="once").schedule_dwell(after=days(14))]
    )
    await world.contact("ann", plan="trial")
    await world.advance(days(30))
    assert await dwells(world) == []
    assert [s.reason for s in await world.transitions()] == [None, "max_dwell"]


async def test_those_who_have_fired_never_delay_the_next(pool):
    """600 members had their announcement; the 601st gets theirs at its instant."""
    world = World(pool, [trial().schedule_dwell(after=days(1))])
    items = [
        {"userId": f"u{n}", "name": "x", "contactProperties": {"plan": "trial"}} for n in range(600)
    ]
    await world.events(items)
    await world.advance(hours(1))
    await world.contact("last", plan="trial")
    await world.advance(days(1))
    found = await dwells(world)
    assert len(found) == 601
    assert found[-1][2] == START + days(1) + hours(1)
    assert await world.pool.fetchval("SELECT count(*) FROM bucket_timers") == 0


async def test_min_dwell_and_a_dwell_share_the_timer(pool):
    """A deferred leave does not swallow a dwell that is due before it."""
    world = World(pool, [trial(min_dwell=days(3)).schedule_dwell(after=days(2))])
    await world.contact("ann", plan="trial")
    await world.advance(days(1))
    await world.contact("ann", plan="pro")
    await world.advance(days(5))
    assert await dwells(world) == [("after-2-days", 1, START + days(2))]
    assert [(s.kind, s.at) for s in await world.transitions()] == [
        ("entered", START),
        ("left", START + days(3)),
    ]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "one of after= and every="),
        ({"after": days(1), "every": days(1)}, "one of after= and every="),
        ({"after": timedelta(0)}, "positive duration"),
        ({"every": days(40_000)}, "at most 100 years"),
        ({"after": days(1), "label": "No!"}, "lower-case letters"),
        ({"after": days(2)}, "two dwell schedules are labelled 'after-2-days'"),
    ],
)
def test_a_wrong_schedule_is_refused(arguments, words):
    """Each message says what to write instead."""
    bucket = trial().schedule_dwell(after=days(2))
    with pytest.raises(DefinitionError, match=words):
        bucket.schedule_dwell(**arguments)
