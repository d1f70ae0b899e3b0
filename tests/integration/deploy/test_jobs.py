"""Jobs: created once, superseded cleanly, paused, failed, tried again; and retired buckets."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from tests.integration.deploy.stays import stored_stays
from tests.world import World

from hogsend.buckets.backfill import JobRunner
from hogsend.buckets.chunks import ChunkStatements
from hogsend.buckets.definition import define_bucket
from hogsend.durations import minutes, seconds
from hogsend.errors import ConflictError, NotFoundError


def trial(plan="trial", **arguments):
    return define_bucket(
        id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq(plan), **arguments
    )


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr("hogsend.buckets.walk._FIRST_SIZE", 2)
    monkeypatch.setattr("hogsend.buckets.walk._SIZES", (2, 2))
    monkeypatch.setattr("hogsend.buckets.walk._LANES", 1)


async def populated(pool, buckets=()):
    world = World(pool, list(buckets))
    if buckets:
        await world.start()
    for user, plan in (("ann", "trial"), ("bob", "pro"), ("cyd", "trial"), ("dan", "pro")):
        await world.contact(user, plan=plan)
    return world


async def jobs(pool, columns="kind, status"):
    rows = await pool.fetch(f"SELECT {columns} FROM bucket_jobs ORDER BY created_at, id")
    return [tuple(row) for row in rows]


async def test_processes_that_start_at_once_create_a_job_once(pool):
    """And of their runners, one works on it."""
    await populated(pool)
    worlds = [World(pool, [trial()]) for _ in range(5)]
    await asyncio.gather(*(world.start() for world in worlds))
    assert await jobs(pool) == [("backfill", "pending")]
    await asyncio.gather(*(world.run_jobs() for world in worlds))
    assert await jobs(pool, "kind, status, done, joined") == [("backfill", "done", 4, 2)]
    assert len(await stored_stays(pool)) == 2


async def test_a_second_edit_supersedes_the_job(pool):
    """Whoever worked on the first one writes no more, and the second begins anew."""
    world = await populated(pool)
    await world.start([trial()])
    assert await world.engine.jobs.run_once() == 0
    newer = World(pool, [trial("pro")])
    await newer.start()
    assert await world.engine.jobs.run_once() == 0  # finds out, and undoes its chunk
    await newer.run_jobs()
    assert await newer.members("trial") == {"bob", "dan"}
    assert await jobs(pool) == [("backfill", "superseded"), ("backfill", "done")]
    assert [(s.user_id, s.kind) for s in await newer.transitions()] == [("ann", "left")]


async def test_an_older_process_stops_evaluating(pool):
    """The criteria of its code are not those that the memberships follow any more."""
    old = await populated(pool, [trial()])
    await World(pool, [trial("pro")]).deploy()
    await old.control.run_once()
    assert old.registry.live_ids == []
    await old.contact("eve", plan="trial")
    assert "eve" not in await old.members("trial")


async def test_a_lost_lease_is_taken_over_and_fenced(pool):
    """Somebody else goes on at the cursor; who comes back late writes nothing."""
    world = await populated(pool)
    await world.start([trial()])
    late = world.engine.jobs
    await late.run_once()
    next_one = World(pool, [trial()], start=world.now + minutes(1))
    await next_one.control.refresh()
    await next_one.engine.jobs.run_once()
    await late.run_once()
    assert late._walk is None
    await next_one.run_jobs()
    assert await jobs(pool, "status, done, joined") == [("done", 4, 2)]


async def test_a_worker_that_stops_gives_its_job_back(pool):
    """Another one goes on at once."""
    world = await populated(pool)
    await world.start([trial()])
    await world.engine.jobs.run_once()
    await world.engine.jobs.release()
    assert await jobs(pool, "status, done") == [("pending", 2)]
    other = World(pool, [trial()])
    await other.deploy()
    assert await jobs(pool, "status, done") == [("done", 4)]


async def test_a_paused_bucket_waits_and_starts_over(pool):
    """While it is paused its job stands still; enabled again, everybody is looked at anew."""
    world = await populated(pool)
    await world.start([trial()])
    await world.engine.jobs.run_once()
    await world.override("trial", enabled=False)
    await world.run_jobs()
    assert await jobs(pool, "status, done") == [("pending", 2)]
    await world.contact("ann", plan="pro")
    await world.contact("bob", plan="trial")
    assert await world.members("trial") == {"ann"}
    await world.override("trial", enabled=True)
    await world.run_jobs()
    assert await jobs(pool) == [("backfill", "superseded"), ("backfill", "done")]
    assert await world.members("trial") == {"bob", "cyd"}
    assert [(s.user_id, s.kind) for s in await world.transitions()] == [("ann", "left")]


@pytest.mark.parametrize("how", ["code", "ENABLED_BUCKETS"])
async def test_whatever_enables_a_bucket_lets_everybody_be_looked_at(pool, how):
    """``enabled=`` in the code and the environment pause like an operator does."""
    world = await populated(pool, [trial()])
    off = World(pool, [trial(enabled=how != "code")])
    if how != "code":
        off.control._chosen = frozenset()
    await off.start()
    await off.contact("ann", plan="pro")
    assert await off.members("trial") == {"ann", "cyd"}
    await world.deploy([trial()])
    assert await world.members("trial") == {"cyd"}


async def test_a_failed_job_is_shown_and_tried_again(pool, monkeypatch):
    """With its error, after a while that grows; then it goes on where it stood."""
    world = await populated(pool)
    await world.start([trial()])
    await world.engine.jobs.run_once()

    async def fail(*_):
        raise ValueError("no such luck")

    with monkeypatch.context() as patch:
        patch.setattr(ChunkStatements, "survey", fail)
        patch.setattr(ChunkStatements, "write", fail)
        for wait in (1, 5, 30, 120, 600):
            assert await world.engine.jobs.run_once() == 0
            assert await world.engine.jobs.run_once() > 0
            world.clock.set(world.now + timedelta(seconds=wait))
    assert await jobs(pool, "status, attempts, error") == [
        ("failed", 5, "ValueError: no such luck")
    ]
    assert "trial" in world.registry.building
    await world.run_jobs()
    assert await jobs(pool, "status, done, error") == [("done", 4, None)]
    assert await world.members("trial") == {"ann", "cyd"}


async def test_a_request_tries_a_failed_job_at_once(pool):
    """It does not add another one."""
    world = await populated(pool)
    await world.start([trial()])
    await pool.execute(
        "UPDATE bucket_jobs SET status = 'failed', attempts = 7, run_after = $1",
        world.now + minutes(60),
    )
    await world.reevaluate("trial")
    await world.run_jobs()
    assert await jobs(pool) == [("backfill", "done")]


async def test_jobs_wait_until_every_process_knows_of_them(pool):
    """Two seconds, in which the others read what is decided."""
    world = await populated(pool)
    await world.start([])
    world._wire([trial()])
    world.control._settle = seconds(2)
    await world.start()
    assert await world.engine.jobs.run_once() > 0
    world.clock.set(world.now + seconds(2))
    await world.run_jobs()
    assert await jobs(pool) == [("backfill", "done")]


async def retired(pool):
    return await pool.fetchval("SELECT retired_at FROM bucket_configs WHERE bucket_id = 'trial'")


async def test_a_bucket_that_nobody_runs_is_retired_and_may_return(pool):
    """Its members stay; when the code has it again, everybody is looked at."""
    await populated(pool, [trial()])
    other = define_bucket(id="other", name="Other", criteria=lambda b: b.prop("x").exists())
    world = World(pool, [other])
    await world.start()
    assert await retired(pool) is None
    world.clock.set(world.now + minutes(6))
    await world.control.run_once()
    assert await retired(pool) == world.now
    await world.contact("ann", plan="pro")
    assert await world.members("trial") == {"ann", "cyd"}
    await world.deploy([trial(), other])
    assert await world.members("trial") == {"cyd"}
    assert await retired(pool) is None


async def test_a_process_that_slept_comes_back(pool):
    """It finds its bucket retired, and says that it is there."""
    asleep = await populated(pool, [trial()])
    other = define_bucket(id="other", name="Other", criteria=lambda b: b.prop("x").exists())
    world = World(pool, [other], start=asleep.now + minutes(6))
    await world.start()
    assert await retired(pool) is not None
    asleep.clock.set(world.now)
    await asleep.control.run_once()
    assert await retired(pool) is None
    assert asleep.registry.live_ids == ["trial"]


async def test_a_process_without_buckets_retires_nothing(pool):
    """It may be a tool that knows of none."""
    await populated(pool, [trial()])
    world = World(pool, [])
    world.clock.set(world.now + minutes(60))
    await world.start()
    assert await retired(pool) is None


async def test_retiring_by_hand_asks_who_runs_it(pool):
    """Not while the code has it; soon after, it is done."""
    world = await populated(pool, [trial()])
    other = World(pool, [], start=world.now)
    async with pool.acquire() as connection:
        for control in (world.control, other.control):
            with pytest.raises(ConflictError, match="still in the code"):
                await control.retire(connection, "trial")
        with pytest.raises(NotFoundError, match="no bucket 'tri'"):
            await other.control.retire(connection, "tri")
        other.clock.set(world.now + minutes(2))
        await other.control.retire(connection, "trial")
    assert await retired(pool) == other.now
    assert len(await stored_stays(pool)) == 2


def test_runners_have_names_of_their_own(pool):
    """A job's holder is one runner, not one process image."""
    world = World(pool, [])
    make = lambda: JobRunner(  # noqa: E731
        pool=pool, clock=world.clock, registry=world.registry, ingest=world.engine.ingest
    )
    assert make()._holder != make()._holder
