"""Deleting a contact ends what concerns them, quietly; erasing leaves no row."""

from __future__ import annotations

import asyncio

import pytest
from tests.world import START, World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days

RECENT = define_bucket(
    id="recent", name="Recent", criteria=lambda b: b.event("act").within(days(7)).exists()
)
TRIAL = define_bucket(id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial"))
TABLES = ("contacts", "user_events", "bucket_memberships", "bucket_timers")


@pytest.fixture
async def world(pool):
    world = World(pool, [RECENT, TRIAL])
    for user in ("ann", "bob"):
        await world.event(user, "act", contact={"plan": "trial"})
    await world.advance(days(1))
    return world


async def test_a_deleted_contact_leaves_silently(world):
    """Memberships end for the reason ``deleted``, nothing is announced, no timer stays."""
    assert await world.engine.ingest.delete_contact("ann")
    assert await world.members("trial") == await world.members("recent") == {"bob"}
    rows = await world.pool.fetch(
        "SELECT status, reason, left_at FROM bucket_memberships WHERE user_id = 'ann'"
    )
    assert [tuple(row) for row in rows] == [("left", "deleted", START + days(1))] * 2
    await world.advance(days(30))
    assert [s for s in await world.transitions() if s.user_id == "ann" and s.kind == "left"] == []
    assert not await world.engine.ingest.delete_contact("ann")


async def test_one_who_comes_back_has_their_history(world):
    """Without erasure the log still knows them: past events count, stays are numbered on."""
    await world.engine.ingest.delete_contact("ann")
    outcome = await world.event("ann", "page")
    assert outcome.created
    assert await world.members("trial") == {"bob"}
    await world.event("ann", "act")
    count = await world.pool.fetchval(
        "SELECT max(entry_count) FROM bucket_memberships WHERE user_id = 'ann'"
    )
    assert count == 2


async def test_one_who_comes_back_is_judged_by_their_history(world):
    """Any event of theirs: what the log has of them counts at once, and by the clock."""
    await world.engine.ingest.delete_contact("ann")
    outcome = await world.event("ann", "page")
    assert [event.name for event in outcome.emitted] == ["bucket:entered:recent", "bucket:entered"]
    await world.advance(days(6))
    assert (await world.transitions())[-1].at == START + days(7)
    assert await world.members("recent") == set()


async def test_a_duplicate_brings_nobody_back(world):
    """The retry of an event from before the deletion makes no contact, like any duplicate."""
    await world.event("ann", "page", key="k")
    await world.engine.ingest.delete_contact("ann")
    outcome = await world.event("ann", "page", contact={"plan": "trial"}, key="k")
    assert not outcome.stored
    assert await world.pool.fetchval("SELECT count(*) FROM contacts WHERE user_id = 'ann'") == 0


async def test_an_erased_contact_leaves_no_row(world):
    """Erasure removes the person from every table, and nobody else."""
    assert await world.engine.ingest.delete_contact("ann", erase=True)
    for table in TABLES:
        users = {row[0] for row in await world.pool.fetch(f"SELECT user_id FROM {table}")}
        assert users == {"bob"}, table


async def test_deleting_while_others_write(world):
    """A deletion and writes at once: whoever comes last, nothing is half there."""
    writes = [world.event("ann", "act", contact={"plan": "trial"}) for _ in range(20)]
    deletions = [world.engine.ingest.delete_contact("ann", erase=True) for _ in range(5)]
    await asyncio.gather(*writes, *deletions)
    await world.engine.ingest.delete_contact("ann", erase=True)
    for table in TABLES:
        assert (
            await world.pool.fetchval(f"SELECT count(*) FROM {table} WHERE user_id = 'ann'") == 0
        ), table
