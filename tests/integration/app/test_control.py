"""Pausing a bucket: what the code says, what the environment says, what operators say."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from tests.world import START

from hogsend.app.client import create_client
from hogsend.app.virtual import TimeMachine
from hogsend.app.worker import create_worker
from hogsend.buckets.definition import define_bucket
from hogsend.clock import VirtualClock
from hogsend.durations import days
from hogsend.errors import ConfigurationError
from hogsend.events.parse import parse_contact, parse_event
from hogsend.settings import Settings


def client_on(database, *, enabled=True, chosen=None):
    trial = define_bucket(
        id="trial", name="On trial", enabled=enabled, criteria=lambda b: b.prop("plan").eq("trial")
    )
    recent = define_bucket(
        id="recent", name="Recent", criteria=lambda b: b.event("act").within(days(7)).exists()
    )
    settings = Settings(database_url=SecretStr(database), enabled_buckets=chosen)
    return create_client(buckets=[trial, recent], settings=settings, clock=VirtualClock(START))


async def override(client, bucket_id, *, enabled):
    async with client.engine.pool.acquire() as connection:
        found = await client.control.override(connection, bucket_id, enabled=enabled)
    await client.control.refresh()
    return found


async def contact(client, user_id, plan):
    write = parse_contact({"userId": user_id, "properties": {"plan": plan}})
    await client.engine.batcher.submit([write])


async def members(client, bucket_id="trial"):
    return await client.engine.members.count(bucket_id)


async def test_a_paused_bucket_is_not_evaluated(database):
    """Nobody joins, nobody leaves, nothing is announced; members stay."""
    async with client_on(database) as client:
        await contact(client, "ann", "trial")
        assert await override(client, "trial", enabled=False)
        await contact(client, "ann", "pro")
        await contact(client, "bob", "trial")
        assert await members(client) == 1
        await override(client, "trial", enabled=True)
        await contact(client, "cyd", "trial")
        assert await members(client) == 2


async def test_the_clock_passes_over_a_paused_bucket(database):
    """Its timers wait, and are in nobody's way; afterwards its members are looked at anew."""
    async with client_on(database) as client:
        write = parse_event({"userId": "ann", "name": "act"}, START)
        await client.engine.batcher.submit([write])
        time = TimeMachine(client.engine, client.clock)
        await override(client, "recent", enabled=False)
        await time.advance_to(START + days(30))
        assert await members(client, "recent") == 1
        await override(client, "recent", enabled=None)
        assert await client.engine.jobs.run_once() > 0
        await client.engine.pump.settle_due()
        left = await client.engine.pool.fetchval("SELECT left_at FROM bucket_memberships")
        assert left == START + days(30)


async def test_other_processes_follow_within_two_seconds(database):
    """A decision made by one process is taken over by another that runs."""
    async with client_on(database) as one, client_on(database) as other:
        await override(one, "trial", enabled=False)
        async with asyncio.timeout(2):
            while "trial" in other.registry.live_ids:  # noqa: ASYNC110 - no signal crosses processes
                await asyncio.sleep(0.05)
        await contact(other, "ann", "trial")
        assert await members(other) == 0


async def test_the_override_outlives_the_process(database):
    """It is a row; it wins over the code in both directions."""
    async with client_on(database) as client:
        await override(client, "trial", enabled=False)
    async with client_on(database) as client:
        assert client.registry.live_ids == ["recent"]
    async with client_on(database, enabled=False) as client:
        await override(client, "trial", enabled=True)
        assert client.registry.live_ids == ["recent", "trial"]
        assert not await override(client, "nobody", enabled=True)


async def test_enabled_buckets_names_those_to_run(database):
    """ENABLED_BUCKETS leaves out the others, whatever else is said; a wrong id is an error."""
    async with client_on(database, chosen="trial") as client:
        await override(client, "recent", enabled=True)
        assert client.registry.live_ids == ["trial"]
    with pytest.raises(ConfigurationError, match=r"names gone, oops.*It defines: recent, trial"):
        async with client_on(database, chosen="trial,oops,gone"):
            pass


async def test_a_worker_keeps_the_client_running(database):
    """The client stops with its last user."""
    client = client_on(database)
    worker = create_worker(client)
    async with client:
        await worker.start()
    assert await members(client) == 0
    await worker.stop()
    with pytest.raises(ConfigurationError, match="not started"):
        _ = client.engine
