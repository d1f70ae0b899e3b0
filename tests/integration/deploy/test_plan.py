"""What a deploy would do, and that asking does nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.world import World

from hogsend.buckets.definition import Bucket, define_bucket
from hogsend.buckets.plan import Change
from hogsend.db.pool import create_pool
from hogsend.durations import days, hours
from hogsend.journeys.definition import define_journey
from hogsend.journeys.registry import Registry as JourneyRegistry
from hogsend.ops.plan import make_plan, plan_json


def trial(plan="trial", **options):
    return define_bucket(
        id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq(plan), **options
    )


async def populate(world):
    for number in range(10):
        await world.contact(f"u{number}", plan="trial" if number < 7 else "pro")


async def planned(world, buckets, journeys=(), **options):
    edited = World(world.pool, buckets, start=world.now)
    names = {name for bucket in edited.registry.definitions for name in (bucket.left,)}
    registry = JourneyRegistry(journeys, transitions=names | {"bucket:left"})
    return await make_plan(
        world.pool, edited.registry, registry, **{"chosen": None, "now": world.now, **options}
    )


async def one(world, buckets, **options):
    made = await planned(world, buckets, **options)
    return made.buckets[0]


async def test_each_change_is_named(pool):
    """From the first deploy to the removal."""
    world = World(pool, [])
    await populate(world)
    plan = await one(world, [trial()])
    assert (plan.change, plan.members, plan.after, plan.forecast.joins) == (Change.NEW, 0, 7, 7)
    await world.deploy([trial()])
    plan = await one(world, [trial()])
    assert (plan.change, plan.changes, plan.members) == (Change.UNCHANGED, False, 7)
    plan = await one(world, [trial("pro")])
    assert (plan.change, plan.members, plan.after) == (Change.CHANGED, 7, 3)
    assert (plan.forecast.joins, plan.forecast.leaves) == (3, 7)
    assert (plan.criteria_before, plan.criteria) == ('plan is "trial"', 'plan is "pro"')
    plan = await one(world, [trial(max_dwell=days(1))])
    assert (plan.change, plan.after, plan.forecast.leaves) == (Change.RESCHEDULED, 7, 0)
    for options in ({"chosen": frozenset()}, {}):
        plan = await one(world, [trial(enabled=bool(options))], **options)
        assert (plan.change, plan.changes, plan.after) == (Change.PAUSED, True, 7)
    plan = await one(world, [])
    assert (plan.change, plan.changes, plan.after) == (Change.REMOVED, True, 7)


async def test_a_pause_and_its_end(pool):
    """A disabled bucket stays so whatever its code says; its resumption is a look at everybody."""
    world = World(pool, [trial()])
    await populate(world)
    await world.deploy()
    await world.override("trial", enabled=False)
    await world.contact("u0", plan="pro")
    plan = await one(world, [trial("pro")])
    assert (plan.change, plan.changes, plan.after) == (Change.DISABLED, False, 7)
    await pool.execute("UPDATE bucket_configs SET enabled = NULL")
    plan = await one(world, [trial()])
    assert (plan.change, plan.after, plan.forecast.leaving) == (Change.RESUMED, 6, ("u0",))
    await pool.execute("UPDATE bucket_configs SET retired_at = $1", world.now)
    assert (await one(world, [trial()])).change is Change.RETURNED
    assert (await planned(world, [])).buckets == ()


async def test_what_limits_do_to_a_deploy(pool):
    """Shortest stays hold back, longest ones end; who was flushed is barred or joins again."""
    world = World(pool, [trial()])
    await populate(world)
    await world.deploy()
    await world.advance(days(2))
    told = (await one(world, [trial("pro", min_dwell=days(3))])).forecast
    assert (told.leaves, told.defers, told.joins) == (0, 7, 3)
    plan = await one(world, [trial(max_dwell=days(1))])
    told = plan.forecast
    assert (told.leaves, told.times_out, told.returns, plan.after) == (7, 7, 7, 7)
    flush = trial(max_dwell=days(1), entry_limit="once")
    plan = await one(world, [flush])
    assert (plan.forecast.times_out, plan.forecast.returns, plan.after) == (7, 0, 0)
    await world.deploy([flush])
    await world.advance(hours(1))
    edited = Bucket(replace(flush.meta, max_dwell=days(2)))
    plan = await one(world, [edited])
    assert (plan.forecast.barred, plan.forecast.joins, plan.after) == (7, 0, 0)
    dwelling = trial("pro").schedule_dwell(after=hours(1))
    await world.deploy([trial("pro")])
    await world.advance(days(1))
    assert (await one(world, [dwelling])).forecast.dwells == 3


async def test_journeys_that_the_leaves_would_end_or_start(pool):
    """Runs of those who leave are counted; conditions on other buckets do not hold."""

    def journey(id_, **options):
        async def nothing(user, ctx):
            pass

        return define_journey(id=id_, name=id_, **{"trigger": "x", **options})(nothing)

    world = World(pool, [trial()])
    await populate(world)
    await world.deploy()
    journeys = [
        journey("ends", exit_on=[trial().left]),
        journey("idle", exit_on=[trial().left]),
        journey("ends-on-any", exit_on=["bucket:left"]),
        journey(
            "not-mine",
            exit_on=[{"event": "bucket:left", "where": lambda b: b.prop("bucketId").eq("other")}],
        ),
        journey("starts", trigger=trial().left),
    ]
    for user in ("u0", "u1", "u9"):
        for name in ("ends", "not-mine"):
            await run_under_way(pool, user, name, world.now)
    await run_under_way(pool, "u2", "ends-on-any", world.now)
    plan = await one(world, [trial("pro")], journeys=journeys)
    assert dict(plan.exits) == {"ends": 2, "ends-on-any": 1}
    assert plan.starts == ("starts",)
    (told,) = plan_json(await planned(world, [trial("pro")], journeys=journeys))["buckets"]
    assert told["exits"] == [
        {"journeyId": "ends", "runs": 2},
        {"journeyId": "ends-on-any", "runs": 1},
    ]
    assert (await one(world, [trial()], journeys=journeys)).starts == ()


async def run_under_way(pool, user, journey, now):
    await pool.execute(
        "INSERT INTO journey_states (user_id, journey_id, id, status, wake_at, contact, event, "
        "resumed_at, created_at, updated_at) "
        "VALUES ($1, $2, gen_random_uuid(), 'waiting', $3, '{}', '{}', $3, $3, $3)",
        user,
        journey,
        now,
    )


async def test_progress_is_told_and_samples_are_few(pool, monkeypatch):
    """Chunk by chunk; the counts do not depend on the chunks."""
    monkeypatch.setattr("hogsend.buckets.plan._CHUNK", 3)
    world = World(pool, [])
    await populate(world)
    seen = []
    made = await planned(
        world, [trial()], samples=2, on_progress=lambda *progress: seen.append(progress)
    )
    assert seen == [("trial", done, 10) for done in (3, 6, 9, 10)]
    (plan,) = made.buckets
    assert (plan.forecast.joins, plan.forecast.joining) == (7, ("u0", "u1"))


async def test_a_plan_cannot_write_and_waits_for_nobody(database):
    """On connections that refuse writes, while somebody holds every lock that ingest takes."""
    async with (
        await create_pool(database, max_size=2) as pool,
        await create_pool(database, max_size=2, read_only=True) as reader,
    ):
        world = World(pool, [trial()])
        await populate(world)
        await world.deploy()
        async with pool.acquire() as busy, busy.transaction():
            await busy.execute("SELECT FROM contacts FOR UPDATE")
            await busy.execute("SELECT FROM bucket_configs FOR UPDATE")
            await busy.execute("UPDATE bucket_memberships SET last_evaluated_at = $1", world.now)
            looking = World(reader, [trial("pro")], start=world.now)
            made = await make_plan(
                reader, looking.registry, JourneyRegistry(()), chosen=None, now=world.now
            )
        assert made.buckets[0].forecast.leaves == 7


@pytest.mark.parametrize("people", [0, 1])
async def test_an_empty_database(pool, people):
    """Nobody joins what nobody can."""
    world = World(pool, [])
    for _ in range(people):
        await world.contact("ann", plan="pro")
    plan = await one(world, [trial()])
    assert (plan.change, plan.after) == (Change.NEW, 0)
