"""Who is enrolled and who is not: the guards, in their order, and what enrolment costs."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from tests.integration.engine.test_statements import explain, logged, walk
from tests.world import START, World

from hogsend.app.client import create_client
from hogsend.buckets.definition import define_bucket
from hogsend.clock import VirtualClock
from hogsend.durations import days
from hogsend.email.preferences import unsubscribe
from hogsend.errors import ConfigurationError
from hogsend.events.parse import parse_event
from hogsend.journeys.definition import define_journey
from hogsend.settings import Settings


async def sleeper(user, ctx):
    await ctx.sleep(days(1))


def journey(**arguments):
    defaults = {"id": "tour", "name": "Tour", "trigger": "go"}
    return define_journey(**(defaults | arguments))(sleeper)


async def test_the_guards_in_their_order(pool):
    """Each one alone lets nobody by; of several, the first gives the reason."""
    every = {
        "enabled": False,
        "where": lambda b: b.prop("vip").eq(value=True),
        "entry_limit": "once_per_period",
        "entry_period": days(30),
    }
    world = World(pool, journeys=[journey()])
    await world.event("ann", "go")
    await unsubscribe(pool, "ann", now=world.now)
    guards = list(every)
    for number, reason in enumerate(
        ["disabled", "where", "entry_period", "unsubscribed", "already_active"]
    ):
        await pool.execute("DELETE FROM journey_skips")
        left = (
            {} if number > 2 else {key: every[key] for key in guards if guards.index(key) >= number}
        )
        if number == 4:
            await pool.execute("DELETE FROM email_preferences")
        world = World(pool, journeys=[journey(**left)])
        await world.event("ann", "go")
        await world.event("ann", "go")
        assert await world.skips() == [("ann", "tour", reason, 2)]
    assert len(await world.runs()) == 1


async def test_entry_limits(pool):
    """``once`` is once for ever; with a period the next one may start when it is over."""

    async def at_once(user, ctx):
        pass

    def quick(**arguments):
        return define_journey(name="Quick", trigger="go", **arguments)(at_once)

    world = World(
        pool,
        journeys=[
            quick(id="free"),
            quick(id="once", entry_limit="once"),
            quick(id="weekly", entry_limit="once_per_period", entry_period=days(7)),
        ],
    )
    for day in (0, 6, 7):
        await world.advance(START + days(day) - world.now)
        await world.events([{"userId": "ann", "name": "go"}] * 2)
        await world.settle()
    runs = await world.runs("journey_id")
    assert {id_: runs.count(id_) for id_ in runs} == {"free": 3, "once": 1, "weekly": 2}
    assert await world.skips() == [
        ("ann", "free", "already_active", 3),
        ("ann", "once", "entry_limit", 5),
        ("ann", "weekly", "entry_period", 4),
    ]


async def test_an_event_that_concerns_no_journey_costs_nothing(pool):
    """Without a journey's name in the batch, there is no statement about journeys."""
    world = World(pool, journeys=[journey(exit_on=["bye"])])
    async with logged(pool) as queries:
        await world.events([{"userId": f"u{n}", "name": "act"} for n in range(50)])
        await asyncio.sleep(0)
    assert not [query for query in queries if "journey" in query]


@pytest.mark.parametrize("registered", [1, 40])
async def test_enrolment_takes_a_constant_number_of_statements(pool, registered):
    """Neither the batch nor the number of journeys changes it; none of them scans a table."""
    journeys = [
        journey(id=f"j{n}", exit_on=["bye"], entry_limit="once", where=lambda b: b.prop("n").gte(0))
        for n in range(registered)
    ]
    world = World(pool, journeys=journeys)
    items = [
        {"userId": f"u{n}", "name": name, "eventProperties": {"n": n - 1}}
        for n in range(50)
        for name in ("go", "bye", "go")
    ]
    counts = set()
    seen = set()
    for size in (30, 150):
        await world.events(items[:size])
        async with logged(pool) as queries:
            await world.events(items[:size])
            await asyncio.sleep(0)
        counts.add(len(queries))
        seen.update(query for query in queries if "journey" in query)
    assert max(counts) <= 14
    assert len(counts) == 1
    await pool.execute("ANALYZE journey_states")
    async with pool.acquire() as connection:
        await connection.execute("SET enable_seqscan = off")
        for query in seen:
            for node in walk(await explain(connection, query)):
                assert node["Node Type"] != "Seq Scan", query
        await connection.execute("RESET enable_seqscan")


def client_on(database, *, enabled=True, chosen=None):
    trial = define_bucket(id="trial", name="T", criteria=lambda b: b.prop("plan").eq("trial"))
    settings = Settings(database_url=SecretStr(database), enabled_journeys=chosen)
    return create_client(
        buckets=[trial],
        journeys=[journey(enabled=enabled), journey(id="other")],
        settings=settings,
        clock=VirtualClock(START),
    )


async def override(client, journey_id, *, enabled):
    """As an operator does."""
    async with client.engine.pool.acquire() as connection:
        found = await client.journey_control.override(connection, journey_id, enabled=enabled)
    await client.journey_control.run_once()
    return found


async def go(client, user):
    await client.engine.batcher.submit([parse_event({"userId": user, "name": "go"}, START)])
    return await client.engine.pool.fetchval(
        "SELECT string_agg(journey_id, ',' ORDER BY journey_id) FROM journey_states "
        "WHERE user_id = $1",
        user,
    )


async def test_a_paused_journey_enrols_nobody_and_its_runs_wait(database):
    """The override wins over the code, outlives the process, and can be taken back."""
    async with client_on(database) as client:
        assert await go(client, "ann") == "other,tour"
        assert await override(client, "tour", enabled=False)
        assert await go(client, "bob") == "other"
        await client.engine.executor.settle_due()
        statuses = "SELECT journey_id, status FROM journey_states WHERE user_id = 'ann' ORDER BY 1"
        rows = await client.engine.pool.fetch(statuses)
        assert [tuple(row) for row in rows] == [("other", "waiting"), ("tour", "active")]
        reasons = await client.engine.pool.fetch("SELECT reason FROM journey_skips")
        assert [row["reason"] for row in reasons] == ["paused"]
    async with client_on(database) as client:
        assert await go(client, "cyd") == "other"
        await override(client, "tour", enabled=None)
        assert await go(client, "dan") == "other,tour"
        assert await client.engine.executor.settle_due() == 4
        assert not await override(client, "nobody", enabled=True)
    async with client_on(database, enabled=False) as client:
        assert await go(client, "eve") == "other"
        await override(client, "tour", enabled=True)
        assert await go(client, "fay") == "other,tour"


async def test_enabled_journeys_names_those_to_run(database):
    """ENABLED_JOURNEYS leaves out the others; a wrong id is an error."""
    async with client_on(database, chosen="other") as client:
        assert await go(client, "ann") == "other"
    with pytest.raises(ConfigurationError, match=r"names gone.*It defines: other, tour"):
        async with client_on(database, chosen="other,gone"):
            pass
