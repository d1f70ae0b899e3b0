"""Memberships as person properties in PostHog."""

from __future__ import annotations

import pytest
from tests.integration.engine.test_statements import logged
from tests.integration.outbox.synced import (
    BUSY,
    PLAIN,
    PRO,
    Ending,
    hours,
    minutes,
    synced,
)
from tests.world import World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days
from hogsend.integrations.outbox import claim

TRUE = {"hogsend_bucket_pro": True}


async def test_a_join_sets_the_property_and_a_leave_unsets_it(pool):
    """In one request for everybody, with an id that the row has."""
    async with synced(pool) as world:
        await world.contact("ann", plan="pro")
        await world.contact("bea", plan="pro")
        ids = await world.outbox("id::text")
        await world.deliver()
        assert world.server.persons == {"ann": TRUE, "bea": TRUE}
        assert [[event["uuid"] for event in batch] for batch in world.server.batches] == [ids]
        assert await world.outbox() == []

        await world.contact("ann", plan="free")
        await world.deliver()
        assert world.server.persons == {"ann": {}, "bea": TRUE}


async def test_each_transition_is_one_row_in_its_transaction(pool):
    """By an event, by the clock, by a job, announced or silent; none for other buckets."""
    once = define_bucket(
        id="pro",
        name="Pro",
        criteria=lambda b: b.prop("plan").eq("pro"),
        entry_limit="once",
        sync_to_posthog=True,
    )
    async with synced(pool, buckets=[once, BUSY, PLAIN]) as world:
        await world.events([{"userId": "ann", "name": "act", "contactProperties": {"plan": "pro"}}])
        assert sorted(await world.outbox()) == [("ann", "busy"), ("ann", "pro")]
        await world.contact("ann", plan="free")
        await world.contact("ann", plan="pro")  # again, which nobody is told of
        await world.advance(hours(1))
        assert (await world.outbox())[2:] == [("ann", "pro"), ("ann", "pro"), ("ann", "busy")]
        await world.deliver()
        assert world.server.persons == {"ann": TRUE}

        changed = define_bucket(
            id="pro",
            name="Pro",
            criteria=lambda b: b.prop("plan").eq("free"),
            sync_to_posthog=True,
        )
        await world.contact("bea", plan="free")
        await world.deploy([changed, BUSY, PLAIN])
        assert sorted(await world.outbox()) == [("ann", "pro"), ("bea", "pro")]
        await world.deliver()
        assert world.server.persons == {"ann": {}, "bea": TRUE}


async def test_who_flaps_is_told_of_once_as_they_are_now(pool):
    """The value is that of when it is sent; earlier rows of the same pair are done with it."""
    async with synced(pool) as world:
        for plan in ("pro", "free", "pro", "free"):
            await world.contact("ann", plan=plan)
        assert len(await world.outbox()) == 4
        await world.deliver()
        assert world.server.persons == {"ann": {}}
        assert len(world.server.events) == 1
        assert await world.outbox() == []


@pytest.mark.parametrize("fault", ["drop", "drop-after", 500, 503, 429, 401, "slow"])
async def test_a_refused_batch_is_sent_again_with_its_ids(pool, fault):
    """After a while; what came meanwhile goes with it."""
    async with synced(pool, faults=[fault]) as world:
        await world.contact("ann", plan="pro")
        (id_,) = await world.outbox("id::text")
        await world.deliver()
        assert (await world.outbox("id::text, attempts")) == [(id_, 1)]
        await world.contact("bea", plan="pro")
        await world.deliver()
        assert len(await world.outbox()) == 2  # PostHog is left alone for a moment
        await world.advance(minutes(1))
        await world.deliver()
        assert world.server.persons == {"ann": TRUE, "bea": TRUE}
        assert id_ in {event["uuid"] for event in world.server.batches[-1]}
        await world.drain()
        assert await world.outbox() == []


async def test_what_arrives_late_is_put_right(pool):
    """A request that ran into a timeout, and is worked on after its successors."""
    async with synced(pool, faults=["late"]) as world:
        await world.contact("ann", plan="pro")
        await world.deliver()
        await world.contact("ann", plan="free")
        await world.advance(minutes(1))
        await world.deliver()
        assert world.server.persons == {"ann": {}}
        world.server.settle()
        assert world.server.persons == {"ann": TRUE}
        await world.advance(minutes(10))
        await world.deliver()
        assert world.server.persons == {"ann": {}}
        assert await world.outbox() == []
        assert max(world.server.seen.values()) == 1  # the confirmation has an id of its own


async def test_one_bad_event_does_not_keep_the_others(pool):
    """A batch that is refused as such is halved; what is refused alone is dead, and kept."""
    async with synced(pool) as world:
        for number in range(8):
            await world.contact(f"u{number}", plan="pro")
        world.server.faults = [400, 413, 400, 400, None, None, None]
        await world.deliver()
        dead = await world.pool.fetch("SELECT user_id, status, error FROM outbox")
        assert [(row["user_id"], row["status"]) for row in dead] == [("u0", 400)]
        assert "400" in dead[0]["error"]
        assert world.endings.count(Ending.DEAD) == 1
        assert world.server.members("hogsend_bucket_pro") == {f"u{n}" for n in range(1, 8)}


async def test_it_is_dead_after_so_many_refusals(pool):
    """And blocks nobody."""
    async with synced(pool) as world:
        await world.contact("ann", plan="pro")
        world.server.faults = [500] * 13
        while await world.pool.fetchval("SELECT count(*) FROM outbox WHERE dead_at IS NULL"):
            await world.deliver()
            await world.advance(hours(30))
        assert await world.outbox("attempts, status") == [(13, 500)]
        await world.contact("ann", plan="free")
        await world.contact("ann", plan="pro")
        await world.deliver()
        assert world.server.persons == {"ann": TRUE}


async def test_turning_it_on_tells_of_the_members_that_there_are(pool):
    """And off and on again, also of those who left meanwhile."""
    off = define_bucket(id="pro", name="Pro", criteria=PRO.meta.criteria)
    async with synced(pool, buckets=[off]) as world:
        for number in range(5):
            await world.contact(f"u{number}", plan="pro")
        assert await world.outbox() == []
        await world.deploy([PRO])
        await world.queue_members()
        await world.deliver()
        assert world.server.members("hogsend_bucket_pro") == {f"u{n}" for n in range(5)}
        await world.deploy([PRO])
        await world.queue_members()
        assert await world.outbox() == []  # it is on already

        await world.deploy([off])
        await world.contact("u0", plan="free")
        await world.contact("new", plan="pro")
        assert await world.outbox() == []
        await world.deploy([PRO])
        await world.queue_members()
        await world.deliver()
        await world.assert_told()


async def test_a_walk_goes_on_where_it_stopped(pool, monkeypatch):
    """Chunk by chunk, each with its cursor; not far ahead of the deliveries."""
    monkeypatch.setattr("hogsend.integrations.posthog.backfill._CHUNK", 3)
    off = define_bucket(id="pro", name="Pro", criteria=PRO.meta.criteria)
    async with synced(pool, buckets=[off]) as world:
        for number in range(10):
            await world.contact(f"u{number}", plan="pro")
        await world.deploy([PRO])
        assert await world.backfill.run_once() == 0
        assert await world.outbox("user_id") == ["u0", "u1", "u2"]
        world.backfill._ahead = 2
        assert await world.backfill.run_once() > 0
        await world.deliver()
        world.backfill._ahead = 100
        await world.queue_members()
        assert await world.outbox("user_id") == [f"u{n}" for n in range(3, 10)]
        done = await pool.fetchrow("SELECT * FROM posthog_syncs")
        assert done["queued"] == 10
        assert done["done_at"] is not None


async def test_who_is_deleted_is_a_member_no_more(pool):
    """And of somebody who is erased, nothing is kept to be sent."""
    async with synced(pool) as world:
        await world.contact("ann", plan="pro")
        await world.contact("bea", plan="pro")
        await world.deliver()
        await world.engine.ingest.delete_contact("ann")
        await world.deliver()
        assert world.server.persons == {"ann": {}, "bea": TRUE}
        await world.contact("bea", plan="free")
        await world.engine.ingest.delete_contact("bea", erase=True)
        assert await world.outbox() == []


async def test_without_a_key_nothing_is_queued(pool, caplog):
    """Said once; while some process has one, those without queue, too."""
    bare = World(pool, [PRO, BUSY])
    await bare.deploy()
    await bare.engine.posthog.register(["pro", "busy"])
    await bare.contact("ann", plan="pro")
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0

    async with synced(pool) as world:
        await world.deliver()
        assert world.server.persons == {"ann": TRUE}
        await bare.engine.posthog.register(["pro", "busy"])
        await bare.contact("ann", plan="free")
        await world.deliver()
        assert world.server.persons == {"ann": {}}
        await bare.engine.posthog.stop()
        await bare.contact("ann", plan="pro")
        assert await world.outbox() == []


async def test_two_dispatchers_never_hold_one_user(pool):
    """A claim leads through the user's first row, whose lock is the mutex."""
    async with synced(pool) as world:
        for plan in ("pro", "free", "pro"):
            await world.contact("ann", plan=plan)
        options = {
            "now": world.now,
            "until": world.now + minutes(1),
            "users": 10,
            "rows": 2,
            "in_order": False,
        }
        first = await claim(pool, ["posthog"], **options)
        assert len(first) == 2
        assert await claim(pool, ["posthog"], **options) == []
        await world.contact("bea", plan="pro")
        assert [row.user_id for row in await claim(pool, ["posthog"], **options)] == ["bea"]
        await world.advance(minutes(1))
        again = await claim(
            pool, ["posthog"], **{**options, "now": world.now, "until": world.now + days(1)}
        )
        assert {(row.user_id, row.unsure) for row in again} == {("ann", 2), ("bea", 2)}


async def test_nothing_is_read_for_buckets_that_sync_nowhere(pool):
    """A transaction without a synced transition has not one statement more."""
    async with synced(pool) as world:
        async with logged(pool) as queries:
            await world.contact("zoe", plan="free")  # joins "plain"
            await world.contact("zoe", plan="other")
        assert queries
        assert not [query for query in queries if "outbox" in query or "posthog" in query]
