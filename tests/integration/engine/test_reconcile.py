"""Reconcile: what waits for the cadence, and what the audit finds and repairs."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.world import START, World

from hogsend.app.engine import Engine
from hogsend.buckets.definition import define_bucket
from hogsend.buckets.registry import Registry
from hogsend.durations import days, hours, minutes
from hogsend.errors import ConfigurationError


def trial(**arguments):
    return define_bucket(
        id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial"), **arguments
    )


def recent(**arguments):
    return define_bucket(
        id="recent",
        name="Recent",
        criteria=lambda b: b.event("act").within(hours(1)).exists(),
        **arguments,
    )


async def register(world):
    await world.pool.execute(
        "INSERT INTO bucket_configs (bucket_id, name, updated_at) "
        "SELECT id, id, $2 FROM unnest($1::text[]) AS id",
        list(world.engine.reconciler._registry.buckets),
        world.now,
    )


async def drift(world):
    rows = await world.pool.fetch("SELECT bucket_id, drift, audited_at FROM bucket_configs")
    assert all(row["audited_at"] == world.now for row in rows)
    return {row["bucket_id"]: row["drift"] for row in rows}


async def test_a_healthy_system_has_no_drift(pool):
    """Deferred leaves and barred re-entries are no drift: the fold knows of them."""
    buckets = [trial(min_dwell=days(3), reconcile_joins=True), recent(max_dwell=minutes(10))]
    world = World(pool, buckets)
    await register(world)
    await world.event("ann", "act", contact={"plan": "trial"})
    await world.contact("ann", plan="pro")
    await world.advance(minutes(5))
    assert await world.engine.reconciler.reconcile(world.now) == 0
    assert await drift(world) == {"trial": 0, "recent": 0}


async def test_the_audit_repairs_what_is_astray(pool):
    """Rows tampered with: the member who should not be leaves, the missing one joins, announced."""
    world = World(pool, [trial(reconcile_joins=True)])
    await register(world)
    for user, plan in (("ann", "trial"), ("bob", "trial"), ("cyd", "pro")):
        await world.contact(user, plan=plan)
    await pool.execute("DELETE FROM bucket_memberships WHERE user_id = 'ann'")
    await pool.execute("UPDATE contacts SET properties = '{}' WHERE user_id = 'bob'")
    assert await world.engine.reconciler.reconcile(world.now) == 2
    assert await drift(world) == {"trial": 2}
    assert await world.members("trial") == {"ann"}
    sources = await pool.fetch(
        "SELECT user_id, properties ->> 'source' FROM user_events "
        "WHERE event LIKE 'bucket:%:trial' AND properties ->> 'source' <> 'event' ORDER BY 1"
    )
    assert [tuple(row) for row in sources] == [("ann", "reconcile"), ("bob", "reconcile")]
    assert await world.engine.reconciler.reconcile(world.now) == 0


async def test_what_is_due_and_not_yet_looked_at_is_no_drift(pool):
    """A schedule and a wave at the same instant: the audit leaves the pump's work to the pump."""
    world = World(pool, [recent()])
    await register(world)
    await world.events([{"userId": f"u{n}", "name": "act"} for n in range(20)])
    world.clock.set(START + hours(1))
    assert await world.engine.reconciler.reconcile(world.now) == 0
    assert await drift(world) == {"recent": 0}
    assert await world.engine.pump.settle_due() == 20


async def test_missing_joins_are_sought_where_the_clock_can_make_them(pool):
    """A property bucket is audited for leaves only, unless ``reconcile_joins`` says otherwise."""
    world = World(pool, [trial()])
    await register(world)
    await world.contact("ann", plan="trial")
    await pool.execute("DELETE FROM bucket_memberships")
    assert await world.engine.reconciler.reconcile(world.now) == 0


async def test_reconcile_every_lets_the_audit_pass_over_a_bucket(pool):
    """Until so long after the last one; the drift waits, and is found then."""
    world = World(pool, [trial(reconcile_every=minutes(15))])
    await register(world)
    await world.contact("ann", plan="trial")
    await world.engine.reconciler.reconcile(world.now)
    await pool.execute("UPDATE contacts SET properties = '{}'")
    for moved in (0, 0, 1):
        world.clock.set(world.now + minutes(5))
        assert await world.engine.reconciler.reconcile(world.now) == moved


async def test_the_audit_leaves_a_bucket_alone_that_a_job_goes_through(pool):
    """What the job has yet to do is no drift."""
    world = World(pool, [trial()])
    await world.start()
    await world.contact("ann", plan="trial")
    changed = define_bucket(id="trial", name="Trial", criteria=lambda b: b.prop("plan").eq("x"))
    await world.start([changed])
    assert await world.engine.reconciler.reconcile(world.now) == 0
    assert await world.members("trial") == {"ann"}


async def test_the_audit_stops_at_no_chunk(pool, monkeypatch):
    """More people than a chunk, more repairs than a batch: all in one pass."""
    monkeypatch.setattr("hogsend.buckets.reconcile._CHUNK", 70)
    monkeypatch.setattr("hogsend.buckets.reconcile._REPAIRS", 20)
    world = World(pool, [trial()])
    await register(world)
    await world.events(
        [
            {"userId": f"u{n:03}", "name": "x", "contactProperties": {"plan": "trial"}}
            for n in range(300)
        ]
    )
    await pool.execute("UPDATE contacts SET properties = '{}'")
    assert await world.engine.reconciler.reconcile(world.now) == 300
    assert await world.members("trial") == set()


async def test_a_bucket_without_fast_expiry_waits_for_the_cadence(pool):
    """Its leave happens at the next scheduled instant, not at the one it was due."""
    slow, fast = recent(fast_expiry=False), trial()
    world = World(pool, [slow, fast])
    await register(world)
    await world.advance(minutes(2))
    await world.event("ann", "act")
    await world.advance(hours(1) + minutes(2))
    assert await world.members("recent") == {"ann"}
    await world.advance(minutes(1))
    assert await world.members("recent") == set()
    assert [s.at for s in await world.transitions()][-1] == START + hours(1) + minutes(5)


async def fill(world, users):
    for start in range(0, users, 1000):
        await world.events(
            [{"userId": f"u{n}", "name": "act"} for n in range(start, min(start + 1000, users))]
        )


async def check_all_left(world, users, at):
    """Each once, at that instant, in an engine that thinks itself healthy."""
    rows = await world.pool.fetch(
        "SELECT occurred_at, count(*), count(DISTINCT user_id) FROM user_events "
        "WHERE event = 'bucket:left:recent' GROUP BY 1"
    )
    assert [tuple(row) for row in rows] == [(at, users, users)]
    assert await drift(world) == {"recent": 0}


async def leave_in_one_pass(pool, users):
    world = World(pool, [recent(fast_expiry=False)])
    await register(world)
    await fill(world, users)
    world.clock.set(START + hours(2))
    await world.engine.reconciler.reconcile(world.now)
    await check_all_left(world, users, world.now)


async def test_all_due_leaves_happen_in_one_pass(pool):
    """Of a bucket without fast expiry, however many they are."""
    await leave_in_one_pass(pool, 3_000)


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_a_hundred_thousand_due_leaves_happen_in_one_pass(pool):
    """No cap, no limit of parameters."""
    await leave_in_one_pass(pool, 100_000)


async def test_who_is_busy_when_the_schedule_comes_is_waited_for(pool):
    """A transaction that holds a member's lock delays their leave, not until the next schedule."""
    world = World(pool, [recent(fast_expiry=False)])
    await register(world)
    await fill(world, 20)
    world.clock.set(START + hours(2))
    async with pool.acquire() as other:
        transaction = other.transaction()
        await transaction.start()
        await other.execute("SELECT FROM contacts WHERE user_id = 'u7' FOR UPDATE")
        reconciling = asyncio.create_task(world.engine.reconciler.reconcile(world.now))
        async with asyncio.timeout(10):
            while await world.members("recent") != {"u7"}:  # noqa: ASYNC110 - as others see it
                await asyncio.sleep(0.01)
        await transaction.rollback()
    await reconciling
    await check_all_left(world, 20, world.now)


async def test_a_date_that_never_comes_has_no_schedule(pool):
    """People write 9999-12-31 for never; time goes on all the same."""
    bucket = define_bucket(
        id="running",
        name="Contract runs",
        criteria=lambda b: b.prop("ends").within_next(days(36_525)),
        fast_expiry=False,
    )
    world = World(pool, [bucket])
    world.clock.set(START.replace(year=9950))
    await world.contact("ann", ends="9999-12-31T23:59:59Z")
    await world.advance(days(1))
    assert await world.members("running") == {"ann"}


async def test_two_workers_reconcile_a_schedule_once(pool):
    """Both come at the same instant with work to do; one does it."""
    worlds = [World(pool, [recent(fast_expiry=False)]) for _ in range(2)]
    await register(worlds[0])
    await fill(worlds[0], 500)
    for world in worlds:
        world.clock.set(START + hours(2))
    await asyncio.gather(*(world.engine.reconciler.run_once() for world in worlds))
    await check_all_left(worlds[0], 500, START + hours(2))


async def test_one_worker_reconciles_a_tick(pool):
    """Of several that come to the same instant, one works; the next tick is anybody's."""
    world = World(pool, [trial()])
    await register(world)
    ran = []
    engines = [Engine(pool=pool, registry=Registry([trial()]), clock=world.clock) for _ in range(3)]
    for number, engine in enumerate(engines):

        async def reconcile(tick, number=number):
            ran.append((number, tick))
            return 0

        engine.reconciler.reconcile = reconcile
    for tick in (START + minutes(5), START + minutes(10)):
        world.clock.set(tick)
        await asyncio.gather(*(engine.reconciler.run_once() for engine in engines))
        assert [at for _, at in ran].count(tick) == 1


async def test_a_lease_of_the_dead_runs_out(pool):
    """A worker that died while it held the lease delays the work by the lease, no longer."""
    world = World(pool, [trial()])
    dead, next_one = (
        Engine(pool=pool, registry=Registry([trial()]), clock=world.clock).reconciler._lease
        for _ in range(2)
    )
    assert await dead.prolong(START)
    assert not await next_one.prolong(START)
    assert not await next_one.prolong(START + minutes(5))
    world.clock.set(START + timedelta(seconds=30))
    assert await next_one.prolong(START + minutes(5))
    assert not await dead.prolong(START)


def test_a_wrong_schedule_is_said(pool):
    """The setting is named, with what to write."""
    with pytest.raises(ConfigurationError, match="BUCKET_RECONCILE_CRON: 'every day' is no"):
        Engine(
            pool=pool,
            registry=Registry([]),
            clock=World(pool, []).clock,
            reconcile_cron="every day",
        )
