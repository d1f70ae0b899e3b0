"""Live traffic while a job runs: nothing doubled, nothing missed, history stays silent."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.integration.deploy.stays import stored_stays
from tests.world import START, World

from hogsend.buckets.chunks import ChunkStatements
from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours, minutes
from hogsend.events.parse import parse_event


def buyers(count=2):
    return define_bucket(
        id="buyers", name="Buyers", criteria=lambda b: b.event("buy").at_least(count)
    )


def recent():
    return define_bucket(
        id="recent", name="Recent", criteria=lambda b: b.event("buy").within(days(1)).exists()
    )


def dormant():
    return define_bucket(
        id="dormant",
        name="Dormant",
        criteria=lambda b: b.all(
            b.event("buy").exists(), b.event("buy").within(hours(1)).not_exists()
        ),
    )


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr("hogsend.buckets.walk._FIRST_SIZE", 1)
    monkeypatch.setattr("hogsend.buckets.walk._SIZES", (1, 1))


async def seen(world):
    return [(s.user_id, s.kind, s.at - START) for s in await world.transitions()]


async def test_a_historical_match_is_silent_although_an_event_comes_first(pool):
    """Zoe matches before the job gets to her; her next purchase is no join."""
    world = World(pool, [])
    for user in ("ann", "zoe", "zoe"):
        await world.event(user, "buy")
    await world.start([buyers()])
    await world.event("zoe", "buy")
    await world.event("ann", "buy")
    assert await seen(world) == [("ann", "entered", hours(0))]
    await world.run_jobs()
    assert await seen(world) == [("ann", "entered", hours(0))]
    assert await stored_stays(pool) == [
        ("ann", "buyers", 1, "active", "event", None),
        ("zoe", "buyers", 1, "active", "backfill", None),
    ]


async def test_an_event_can_end_what_it_found(pool):
    """Matched before, and not any more by the event: a silent join, an announced leave."""
    few = define_bucket(id="few", name="Few", criteria=lambda b: b.event("buy").exactly(1))
    world = World(pool, [])
    await world.event("ann", "buy")
    await world.start([few])
    await world.event("ann", "buy")
    await world.run_jobs()
    assert await seen(world) == [("ann", "left", hours(0))]


async def test_someone_new_is_no_history(pool):
    """Whoever is created while the job runs joins aloud, before and behind its cursor."""
    calm = define_bucket(
        id="calm", name="Calm", criteria=lambda b: b.event("buy").within(days(1)).less_than(3)
    )
    world = World(pool, [])
    await world.event("mid", "buy")
    await world.start([calm])
    await world.event("ann", "buy")
    await world.engine.jobs.run_once()
    await world.event("abe", "buy")
    await world.event("zoe", "buy")
    await world.run_jobs()
    assert await seen(world) == [(user, "entered", hours(0)) for user in ("ann", "abe", "zoe")]
    assert await world.members("calm") == {"ann", "abe", "mid", "zoe"}


async def test_timers_of_the_former_definition_announce_nothing(pool):
    """The pump meets a timer that the old criteria armed before the job came: history, too."""
    old = define_bucket(
        id="dormant",
        name="Dormant",
        criteria=lambda b: b.all(
            b.event("buy").exists(), b.event("buy").within(days(7)).not_exists()
        ),
    )
    new = define_bucket(
        id="dormant",
        name="Dormant",
        criteria=lambda b: b.all(
            b.event("buy").exists(), b.event("buy").within(days(1)).not_exists()
        ),
    )
    world = World(pool, [old])
    await world.start()
    await world.event("ann", "buy")
    await world.advance(days(6))
    await world.start([new])
    await world.advance(days(2))
    assert await world.members("dormant") == {"ann"}
    await world.run_jobs()
    assert await seen(world) == []


async def test_the_clock_announces_who_was_seen_to_meanwhile(pool):
    """A join by the clock of somebody whom a write has seen to is news, though the job runs."""
    world = World(pool, [])
    await world.event("zoe", "buy")
    await world.start([dormant()])
    await world.event("zoe", "buy")
    await world.advance(hours(2))
    assert await seen(world) == [("zoe", "entered", hours(1))]
    await world.run_jobs()
    assert await seen(world) == [("zoe", "entered", hours(1))]


async def test_a_job_that_is_quicker_than_the_clock_leaves_it_the_news(pool):
    """A timer that is believed and due belongs to the pump, though the job gets there first."""
    world = World(pool, [])
    await world.event("zoe", "buy")
    await world.start([dormant()])
    await world.event("zoe", "buy")
    world.clock.set(START + hours(2))
    await world.run_jobs()
    assert await stored_stays(pool) == []
    await world.engine.pump.settle_due()
    assert await seen(world) == [("zoe", "entered", hours(1))]


async def test_a_chunk_counts_only_after_the_one_before(pool, monkeypatch):
    """Two chunks at once, and the first one fails late: the second is undone with it."""
    world = World(pool, [])
    for user in ("ann", "ann", "bob", "bob", "cyd", "cyd"):
        await world.event(user, "buy")
    await world.start([buyers()])
    broken, original = [True], ChunkStatements.write

    async def write(self, connection, now, user_ids):
        written = await original(self, connection, now, user_ids)
        if user_ids == ["ann"] and broken:
            await asyncio.sleep(0.05)
            raise LookupError(broken.pop())
        return written

    monkeypatch.setattr(ChunkStatements, "write", write)
    assert await world.engine.jobs.run_once() == 0
    assert await stored_stays(pool) == []
    assert await pool.fetchval("SELECT cursor FROM bucket_jobs") == ""
    world.clock.set(START + hours(1))
    await world.run_jobs()
    assert [user for user, *_ in await stored_stays(pool)] == ["ann", "bob", "cyd"]
    assert await pool.fetchval("SELECT done FROM bucket_jobs") == 3


async def test_looking_again_on_request_keeps_what_is_under_way(pool):
    """The criteria are the same, so a leave or a join by the clock is as good as ever."""
    world = World(pool, [recent()])
    await world.start()
    await world.event("ann", "buy")
    await world.reevaluate("recent")
    await world.advance(days(1))
    await world.run_jobs()
    assert await seen(world) == [("ann", "entered", hours(0)), ("ann", "left", days(1))]


async def test_a_contact_deleted_meanwhile_leaves_no_membership(pool):
    """The job locks whom it found, and finds nobody."""
    world = World(pool, [])
    await world.event("ann", "buy")
    await world.event("ann", "buy")
    await world.start([buyers()])
    walk = await world.engine.jobs._claim()
    locked = asyncio.Event()
    original = walk._statements.survey

    async def survey(*arguments):
        found = await original(*arguments)
        await world.engine.ingest.delete_contact("ann")
        locked.set()
        return found

    walk._statements.survey = survey
    await walk.step()
    assert locked.is_set()
    assert await stored_stays(pool) == []


async def test_racing_writers_and_a_job_agree(pool):
    """Every pair ends as its facts say; each change after the deploy was announced once."""
    world = World(pool, [])
    chance = random.Random(7)
    users = [f"u{n:02}" for n in range(40)]
    await world.events([{"userId": chance.choice(users), "name": "buy"} for _ in range(60)])
    before = dict(await pool.fetch("SELECT user_id, count(*) FROM user_events GROUP BY user_id"))
    await world.start([buyers(3)])
    others = [World(pool, [buyers(3)]) for _ in range(2)]
    for other in others:
        await other.control.refresh()

    async def write(other):
        for _ in range(25):
            batch = [{"userId": chance.choice(users), "name": "buy"} for _ in range(3)]
            await other.engine.ingest.write([parse_event(item, other.now) for item in batch])

    await asyncio.gather(*(write(other) for other in others), world.run_jobs())
    counts = dict(
        await pool.fetch(
            "SELECT user_id, count(*) FROM user_events WHERE event = 'buy' GROUP BY user_id"
        )
    )
    assert await world.members("buyers") == {user for user, count in counts.items() if count >= 3}
    assert sorted(user for user, kind, _ in await seen(world)) == sorted(
        user for user, count in counts.items() if count >= 3 and before.get(user, 0) < 3
    )
    assert all(number == 1 for _, _, number, *_ in await stored_stays(pool))


async def test_a_second_walk_changes_nothing(pool):
    """Safe to run twice."""
    world = World(pool, [])
    for user in ("ann", "ann", "bob"):
        await world.event(user, "buy", at=START - minutes(5))
    await world.deploy([buyers(), recent()])
    stays, timers = await stored_stays(pool), await pool.fetch("TABLE bucket_timers")
    await world.reevaluate("buyers")
    await world.reevaluate("recent")
    await world.run_jobs()
    assert await stored_stays(pool) == stays
    assert await pool.fetch("TABLE bucket_timers") == timers
    assert await seen(world) == []
