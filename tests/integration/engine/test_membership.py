"""Joins and leaves, by event, by property and by the clock, on a real database."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.world import START, Seen, World

from hogsend.buckets.definition import define_bucket
from hogsend.buckets.store import FactReader
from hogsend.durations import days, hours, minutes

POWER = define_bucket(
    id="power",
    name="Power users",
    criteria=lambda b: b.event("act").within(days(30)).at_least(3),
)
DORMANT = define_bucket(
    id="dormant",
    name="Went dormant",
    criteria=lambda b: b.all(b.event("act").exists(), b.event("act").within(days(7)).not_exists()),
)
TRIAL = define_bucket(id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial"))
BIG = define_bucket(
    id="big",
    name="Big spenders",
    criteria=lambda b: b.event("buy").where(b.prop("amount").gte(100)).at_least(2),
)


@pytest.fixture
async def world(pool):
    return World(pool, [POWER, DORMANT, TRIAL, BIG])


async def test_an_event_joins_in_its_own_transaction(world):
    """The third event within the window joins; the outcome of that write says so."""
    for _ in range(2):
        outcome = await world.event("ann", "act")
        assert outcome.emitted == ()
    outcome = await world.event("ann", "act")
    assert [event.name for event in outcome.emitted] == ["bucket:entered:power", "bucket:entered"]
    assert await world.members("power") == {"ann"}


async def test_a_transition_event_says_what_happened(world):
    """The payload is the documented one, the same in both events."""
    await world.contact("ann", plan="trial")
    await world.contact("ann", plan="pro")
    rows = await world.pool.fetch("SELECT event, properties FROM user_events ORDER BY id")
    assert [row["event"] for row in rows] == [
        "bucket:entered:trial",
        "bucket:entered",
        "bucket:left:trial",
        "bucket:left",
    ]
    common = {"bucketId": "trial", "bucketName": "On trial", "userId": "ann", "source": "event"}
    assert rows[0]["properties"] == {**common, "transition": "entered", "entryCount": 1}
    assert rows[1]["properties"] == rows[0]["properties"]
    assert rows[3]["properties"] == {
        **common,
        "transition": "left",
        "entryCount": 1,
        "reason": "criteria",
    }


async def test_a_window_closes_at_its_instant(world):
    """With three events an hour apart, the first to fall out of 30 days ends the stay."""
    for _ in range(3):
        await world.event("ann", "act")
        await world.advance(hours(1))
    await world.advance(days(40))
    joined, left = [s for s in await world.transitions() if s.bucket_id == "power"]
    assert joined == Seen("ann", "power", "entered", None, START + hours(2))
    assert left == Seen("ann", "power", "left", "criteria", START + days(30))


async def test_the_clock_joins_at_its_instant(world):
    """Seven days after the last event, to the microsecond; an event in between postpones it."""
    await world.event("ann", "act")
    await world.advance(days(5))
    await world.event("ann", "act")
    await world.advance(days(7) - timedelta(microseconds=1))
    assert await world.members("dormant") == set()
    await world.advance(timedelta(microseconds=1))
    assert await world.members("dormant") == {"ann"}
    assert (await world.transitions())[0].at == START + days(12)
    await world.event("ann", "act")
    assert await world.members("dormant") == set()


async def test_a_flip_comes_before_an_event_at_the_same_instant(world):
    """At the very instant of the flip the user joins first, then the event ends it."""
    await world.event("ann", "act")
    world.clock.set(START + days(7))
    await world.event("ann", "act")
    seen = [(s.kind, s.at) for s in await world.transitions() if s.bucket_id == "dormant"]
    assert seen == [("entered", START + days(7)), ("left", START + days(7))]


async def test_a_flip_that_the_pump_missed_happens_at_its_own_instant(world):
    """No pump ran for a month: the event finds the due timer and settles it first."""
    await world.event("ann", "act")
    world.clock.set(START + days(30))
    await world.event("ann", "act")
    seen = [(s.kind, s.at) for s in await world.transitions() if s.bucket_id == "dormant"]
    assert seen == [("entered", START + days(7)), ("left", START + days(30))]


async def test_a_late_event_counts_by_its_own_time(world):
    """Events that arrive late take part by when they occurred."""
    await world.advance(days(60))
    for ago in (1, 29, 30):
        await world.event("ann", "act", at=world.now - days(ago))
    assert await world.members("power") == set()
    await world.event("ann", "act", at=world.now - days(2))
    assert await world.members("power") == {"ann"}
    await world.advance(days(1) - minutes(1))
    assert await world.members("power") == {"ann"}
    await world.advance(minutes(1))
    assert await world.members("power") == set()


async def test_where_filters_the_counted_events(world):
    """Only events whose properties pass ``where`` count."""
    for amount in (50, 100, "100", None, 99.9):
        await world.event("ann", "buy", {"amount": amount})
    assert await world.members("big") == set()
    await world.event("ann", "buy", {"amount": 100.5})
    assert await world.members("big") == {"ann"}


async def test_a_known_key_does_nothing_at_all(world):
    """A duplicate stores nothing, merges nothing, moves nothing."""
    assert (await world.event("ann", "act", contact={"plan": "trial"}, key="k")).stored
    again = await world.event("ann", "act", contact={"plan": "pro"}, key="k")
    assert (again.stored, again.emitted) == (False, ())
    assert await world.members("trial") == {"ann"}
    assert await world.pool.fetchval("SELECT count(*) FROM user_events WHERE event = 'act'") == 1
    assert (await world.event("bob", "act", key="k")).stored


async def test_a_key_twice_in_one_batch_is_stored_once(world):
    """The first of two equal keys in a transaction wins."""
    item = {"userId": "ann", "name": "act", "idempotencyKey": "k"}
    outcomes = await world.events([item, {**item, "contactProperties": {"plan": "trial"}}])
    assert [outcome.stored for outcome in outcomes] == [True, False]
    assert await world.members("trial") == set()


async def test_one_batch_gives_what_single_events_give(pool, world):
    """In and out and in again inside one transaction: every transition, in order."""
    changes = [{"plan": "trial"}, {"plan": "pro"}, {}, {"plan": "trial"}, {"plan": None}]
    await world.events(
        [{"userId": "ann", "name": "x", "contactProperties": change} for change in changes]
    )
    assert [s.kind for s in await world.transitions()] == ["entered", "left"] * 2
    rows = await pool.fetch("SELECT status, entry_count FROM bucket_memberships ORDER BY 2")
    assert [tuple(row) for row in rows] == [("left", 1), ("left", 2)]


async def test_a_client_clock_a_little_ahead_is_clamped(world):
    """An event from our near future is stored as now, so no fact lies ahead of the clock."""
    await world.event("ann", "act", at=world.now + minutes(4))
    assert await world.pool.fetchval("SELECT occurred_at FROM user_events") == START


async def test_an_address_alone_finds_or_makes_its_contact(world):
    """Events by mail address go to the contact that has it, whatever the case."""
    await world.events([{"userId": "ann", "email": "Ann@x.org", "name": "act"}])
    outcomes = await world.events(
        [{"email": "ann@X.org", "name": "act"}, {"email": "Bob@x.org", "name": "act"}]
    )
    assert [outcome.user_id for outcome in outcomes] == ["ann", "bob@x.org"]
    assert [outcome.created for outcome in outcomes] == [False, True]


async def test_an_event_that_postpones_a_flip_writes_no_timer(world):
    """Timers only move when they fire, so an active user costs no timer write."""
    await world.event("ann", "act")
    before = await world.pool.fetchrow("SELECT xmin::text, * FROM bucket_timers")
    await world.advance(days(1))
    await world.event("ann", "act")
    assert await world.pool.fetchrow("SELECT xmin::text, * FROM bucket_timers") == before


async def test_member_access(world):
    """``count``, ``has`` and ``members`` read the rows; without a client they say why not."""
    for user in ("ann", "bob", "cyd"):
        await world.contact(user, plan="trial")
    assert (await TRIAL.count()).error.startswith("The bucket 'trial' has no client yet")
    TRIAL.bind(world.engine.members)
    assert (await TRIAL.count()).data == 3
    assert (await TRIAL.has("ann")).data is True
    assert (await TRIAL.has("zoe")).data is False
    page = (await TRIAL.members(limit=2)).data
    assert [member.user_id for member in page.members] == ["ann", "bob"]
    rest = (await TRIAL.members(limit=2, cursor=page.cursor)).data
    assert ([member.user_id for member in rest.members], rest.cursor) == (["cyd"], None)
    found = [member.user_id async for member in TRIAL.members_iterator(page_size=1)]
    assert found == ["ann", "bob", "cyd"]
    assert "limit must be" in (await TRIAL.members(limit=0)).error


async def test_an_event_that_brings_the_flip_forward_moves_the_timer(pool):
    """A timer stands an hour ahead; an event makes the criteria hold after four minutes."""
    bucket = define_bucket(
        id="quiet",
        name="Seen or old, and quiet",
        criteria=lambda b: b.all(
            b.any(b.event("act").exists(), b.prop("since").older_than(minutes(60))),
            b.event("act").within(minutes(4)).not_exists(),
        ),
    )
    world = World(pool, [bucket])
    await world.contact("ann", since=START.isoformat())
    assert await pool.fetchval("SELECT due_at FROM bucket_timers") == START + minutes(60)
    await world.advance(minutes(50))
    await world.event("ann", "act")
    assert await pool.fetchval("SELECT due_at FROM bucket_timers") == START + minutes(54)
    await world.advance(minutes(9))
    assert [s.at for s in await world.transitions()] == [START + minutes(54)]


async def test_an_event_that_only_keeps_them_out_is_not_looked_at(pool, monkeypatch):
    """The dormancy timer of an active user fires before the event's week is over: no facts read."""
    world = World(pool, [DORMANT])
    await world.event("ann", "act")
    await world.advance(days(1))
    monkeypatch.setattr(FactReader, "load", None)
    await world.event("ann", "act")


async def test_a_stable_member_is_not_looked_at(pool, monkeypatch):
    """The fourth event of a 3-in-30-days member reads no facts."""
    world = World(pool, [POWER])
    for _ in range(3):
        await world.event("ann", "act")
    monkeypatch.setattr(FactReader, "load", None)
    await world.event("ann", "act")
    assert await world.members("power") == {"ann"}
