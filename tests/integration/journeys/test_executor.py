"""The executor on the real clock: sharing, leases, fencing, stopping."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from tests.world import World

from hogsend.app.engine import Engine
from hogsend.app.journeys import register_journeys
from hogsend.buckets.registry import Registry
from hogsend.clock import SystemClock, VirtualClock
from hogsend.db.pool import create_pool
from hogsend.durations import days, hours, seconds
from hogsend.events.parse import parse_event
from hogsend.journeys.definition import define_journey
from hogsend.journeys.executor import LEASE, MAX_CRASHES, Executor, Heartbeat
from hogsend.journeys.store import SUSPECT_CRASHES
from hogsend.runtime.service import Service


def journey(function):
    return define_journey(id="tour", name="Tour", trigger="go")(function)


def engine_on(pool, clock, function):
    return Engine(
        pool=pool,
        registry=Registry(()),
        clock=clock,
        journeys=register_journeys([journey(function)], Registry(())),
    )


async def go(engine, *users):
    now = engine.clock.now()
    items = [parse_event({"userId": user, "name": "go"}, now) for user in users]
    await engine.ingest.write(items)


@asynccontextmanager
async def working(engine):
    """Its executor runs."""
    service = Service("executor", engine.executor)
    service.start()
    yield service
    await service.stop()
    await engine.executor.drain(5)


async def until(pool, query, expected):
    async with asyncio.timeout(20):
        while await pool.fetchval(query) != expected:  # noqa: ASYNC110 - rows send no signal
            await asyncio.sleep(0.02)


FINISHED = "SELECT count(*) FROM journey_states WHERE status = 'completed'"


async def test_two_workers_share_the_work(database, pool):
    """Each run is gone through once, on the real clock, with sleeps of parts of a second."""
    done = []

    async def tour(user, ctx):
        await ctx.step("one", lambda: done.append((1, user.id)))
        await ctx.sleep(seconds(0.2))
        await ctx.step("two", lambda: done.append((2, user.id)))

    other = await create_pool(database, min_size=1, max_size=3)
    one, two = engine_on(pool, SystemClock(), tour), engine_on(other, SystemClock(), tour)
    users = [f"u{n}" for n in range(300)]
    async with working(one), working(two):
        await go(one, *users)
        await until(pool, FINISHED, 300)
    await other.close()
    assert sorted(done) == sorted((n, user) for n in (1, 2) for user in users)


async def test_a_run_whose_worker_died_goes_on_elsewhere(pool):
    """When the lease has run out, and without a failure being counted; the revived one is fenced."""
    clock = VirtualClock(SystemClock().now())
    gate, passes = asyncio.Event(), []

    async def tour(user, ctx):
        await ctx.step("one", lambda: None)
        passes.append(ctx.run_id)
        if len(passes) == 1:
            await gate.wait()
        await ctx.step("two", lambda: passes.append("two"))

    first, second = engine_on(pool, clock, tour), engine_on(pool, clock, tour)
    await go(first, "ann")
    stuck = asyncio.create_task(first.executor.settle_due())
    async with asyncio.timeout(10):
        while not passes:  # noqa: ASYNC110 - the journey has no other way to tell
            await asyncio.sleep(0.01)
    clock.set(clock.now() + LEASE - seconds(1))
    assert await second.executor.settle_due() == 0
    clock.set(clock.now() + seconds(1))
    assert await second.executor.settle_due() == 1
    gate.set()
    await stuck
    assert passes[2:] == ["two"]
    row = await pool.fetchrow("SELECT status, attempts, epoch, journal FROM journey_states")
    assert tuple(row)[:3] == ("completed", 0, 2)
    assert [entry["call"] for entry in row["journal"]] == ["step:one", "step:two"]


async def test_what_was_done_is_on_record_while_a_journey_awaits_things_of_its_own(pool, caplog):
    """It is committed in the background, before the next durable call asks for it."""
    waiting, gate = asyncio.Event(), asyncio.Event()

    async def tour(user, ctx):
        await ctx.step("one", lambda: 1)
        waiting.set()
        await gate.wait()
        await ctx.step("two", lambda: 2)

    engine = engine_on(pool, SystemClock(), tour)
    await go(engine, "ann")
    going = asyncio.create_task(engine.executor.settle_due())
    async with asyncio.timeout(10):
        await waiting.wait()
        await until(pool, "SELECT jsonb_array_length(journal) FROM journey_states", 1)
    gate.set()
    await going
    assert await pool.fetchval("SELECT jsonb_array_length(journal) FROM journey_states") == 2
    assert caplog.text == ""


async def test_a_run_that_kills_its_workers_fails_in_the_end(pool):
    """After 20 at the same place, visibly, and it can be retried; who only stood beside it gets on."""
    clock = VirtualClock(SystemClock().now())
    in_hand, deaths, mended = set(), [], False

    async def tour(user, ctx):
        await ctx.step("one", lambda: None)
        in_hand.add(user.id)
        await asyncio.sleep(0.01)
        if "deadly" in in_hand and not mended:
            deaths.append(user.id)
            raise asyncio.CancelledError  # as when the process ends: nobody writes anything

    engine = engine_on(pool, clock, tour)
    await go(engine, "beside", "deadly")
    for _ in range(40):
        for work in (engine.executor.settle_due, engine.executor.try_suspect):
            await work()
            in_hand.clear()
        clock.set(clock.now() + LEASE)
    rows = await pool.fetch("SELECT status, attempts, error FROM journey_states ORDER BY user_id")
    assert tuple(rows[0]) == ("completed", 0, None)
    assert tuple(rows[1])[:2] == ("failed", 0)
    assert rows[1]["error"].startswith(
        f"{MAX_CRASHES} workers died while they ran this journey after step:one."
    )
    assert deaths.count("deadly") == MAX_CRASHES
    assert deaths.count("beside") <= SUSPECT_CRASHES + 1
    mended = True
    await pool.execute(
        "UPDATE journey_states SET status = 'active', finished_at = NULL, wake_at = $1 WHERE status = 'failed'",
        clock.now(),
    )
    assert await engine.executor.settle_due() == 1
    assert await pool.fetchval(FINISHED) == 2


async def test_a_run_that_gets_on_between_crashes_never_fails(pool):
    """Only deaths at the same place of the journal are counted."""
    clock, passes = VirtualClock(SystemClock().now()), 0

    async def tour(user, ctx):
        nonlocal passes
        passes += 1
        for number in range(1 + (passes + 1) // 2):
            await ctx.step(str(number), lambda: None)
        if passes < 2 * MAX_CRASHES + 4:
            raise asyncio.CancelledError

    engine = engine_on(pool, clock, tour)
    await go(engine, "ann")
    for _ in range(2 * MAX_CRASHES + 6):
        await engine.executor.settle_due()
        await engine.executor.try_suspect()
        clock.set(clock.now() + LEASE)
    assert await pool.fetchval(FINISHED) == 1


async def test_heartbeats_keep_a_long_step(pool):
    """Its lease is prolonged as long as the worker lives; a run ended meanwhile is let go."""
    clock = VirtualClock(SystemClock().now())
    gate, ended = asyncio.Event(), []

    async def tour(user, ctx):
        try:
            await ctx.step("long", gate.wait)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    engine = engine_on(pool, clock, tour)
    await go(engine, "ann")
    stuck = asyncio.create_task(engine.executor.settle_due())
    await until(pool, "SELECT count(holder) FROM journey_states", 1)
    other = engine_on(pool, clock, tour)
    for _ in range(8):
        clock.set(clock.now() + LEASE / 2)
        await Heartbeat(engine.executor).run_once()
        assert await other.executor.settle_due() == 0
    await pool.execute("UPDATE journey_states SET epoch = epoch + 1")
    await Heartbeat(engine.executor).run_once()
    await stuck
    assert ended == ["cancelled"]


async def test_stopping_hands_back_what_does_not_rest(pool):
    """Those that come to a rest in time are done; others are claimable at once."""
    clock = SystemClock()
    begun = asyncio.Event()

    async def tour(user, ctx):
        if user.id == "slow":
            begun.set()
            await asyncio.Event().wait()
        await ctx.sleep(days(1))

    engine = engine_on(pool, clock, tour)
    await go(engine, "slow", "quick")
    await engine.executor.run_once()
    async with asyncio.timeout(10):
        await begun.wait()
    await engine.executor.drain(0.2)
    rows = await pool.fetch(
        "SELECT user_id, status, holder IS NULL AS free, attempts FROM journey_states ORDER BY 1"
    )
    assert [tuple(row) for row in rows] == [
        ("quick", "waiting", True, 0),
        ("slow", "active", True, 0),
    ]


async def test_no_connection_is_held_while_a_journey_runs(database):
    """More journeys than connections wait for each other inside of their functions."""
    small = await create_pool(database, min_size=1, max_size=1)
    arrived, together = [], asyncio.Event()

    async def tour(user, ctx):
        await ctx.step("one", lambda: None)
        arrived.append(user.id)
        if len(arrived) == 5:
            together.set()
        async with asyncio.timeout(10):
            await together.wait()

    engine = engine_on(small, SystemClock(), tour)
    await go(engine, *"abcde")
    assert await engine.executor.settle_due() == 5
    assert await small.fetchval(FINISHED) == 5
    await small.close()


async def test_an_event_during_the_registration_of_a_wait_is_not_lost(pool):
    """Whoever gets the contact's lock first: the event is found, or finds the run waiting."""
    results = []

    async def tour(user, ctx):
        result = await ctx.wait_for_event("click", timeout=hours(1))
        results.append((user.id, result.timed_out))

    engine = engine_on(pool, SystemClock(), tour)
    users = [f"u{n}" for n in range(60)]
    async with working(engine), engine.batcher:
        for user in users:
            await go(engine, user)
            click = parse_event({"userId": user, "name": "click"}, engine.clock.now())
            await asyncio.sleep(0.001 * (hash(user) % 7))
            await engine.batcher.submit([click])
        await until(pool, FINISHED, 60)
    assert sorted(results) == sorted((user, False) for user in users)


async def test_a_stale_epoch_writes_nothing(pool):
    """Not even the error of a run that somebody else has claimed meanwhile."""

    async def tour(user, ctx):
        await pool.execute("UPDATE journey_states SET epoch = epoch + 1")
        raise ValueError

    world = World(pool, journeys=[journey(tour)])
    await world.event("ann", "go")
    assert await world.engine.executor.settle_due() == 1
    row = await pool.fetchrow("SELECT status, journal, error FROM journey_states")
    assert tuple(row) == ("active", [], None)


async def test_concurrency_is_bounded(pool):
    """No more runs in hand than allowed."""
    clock = SystemClock()
    inside, most = 0, 0

    async def tour(user, ctx):
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0.01)
        inside -= 1

    engine = engine_on(pool, clock, tour)
    executor = Executor(
        pool=pool,
        clock=clock,
        registry=register_journeys([journey(tour)], Registry(())),
        services=engine.executor._services,
        concurrency=7,
    )
    engine.executor = executor
    await go(engine, *(f"u{n}" for n in range(50)))
    async with working(engine):
        await until(pool, FINISHED, 50)
    assert most == 7
