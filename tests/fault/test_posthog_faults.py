"""A PostHog that drops, delays, repeats and fails requests, and workers that are killed."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
import signal

import pytest
from tests.fault import posthog_victim
from tests.integration.outbox.synced import BUSY, NAMES, PRO, synced
from tests.posthog_server import FAULTS, PostHogServer

from hogsend.app.engine import Engine
from hogsend.buckets.control import BucketControl
from hogsend.buckets.registry import Registry
from hogsend.clock import SystemClock
from hogsend.durations import hours, seconds
from hogsend.events.parse import parse_contact, parse_event

_processes = multiprocessing.get_context("forkserver")

PEOPLE = 40


def changes(chance, number):
    """One user does something that makes them join or leave, or nothing."""
    user = f"u{chance.randrange(PEOPLE)}"
    if chance.random() < 0.3:
        return {"userId": user, "name": "act"}
    return {"userId": user, "properties": {"plan": chance.choice(["pro", "free"])}}


async def _virtual(pool, seed, transitions):
    """Ingest, deliveries, the passing of time and all faults, in one order after the other."""
    chance = random.Random(seed)
    async with synced(pool, seed=seed, timeout_s=0.05, buckets=[PRO, BUSY]) as world:
        done = 0
        while done < transitions:
            items = [changes(chance, number) for number in range(chance.choice([1, 3, 30]))]
            now = world.now
            await world.engine.ingest.write(
                [parse_event(i, now) if "name" in i else parse_contact(i) for i in items]
            )
            if chance.random() < 0.2:
                await world.advance(hours(chance.random()))
            else:
                await world.advance(seconds(20 * chance.random()))
            if chance.random() < 0.7:
                await world.dispatcher.deliver_due()
            done = await pool.fetchval("SELECT max(position) FROM outbox") or done
        await world.drain()
        assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
        for bucket_id, name in NAMES.items():
            assert world.server.members(name) == await world.members(bucket_id)
        return world.server.met


async def test_every_person_ends_with_the_right_property(pool):
    """After hundreds of transitions, with a third of the requests in trouble."""
    met = await _virtual(pool, seed=3, transitions=400)
    assert sum(met.values()) > 30


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
async def test_every_person_ends_with_the_right_property_after_10_000_transitions(pool, seed):
    """And each kind of trouble was met."""
    met = await _virtual(pool, seed, transitions=10_000)
    assert met.keys() >= set(FAULTS)


async def _killed(database, pool, seed, transitions, kills):
    chance = random.Random(seed)
    clock, registry = SystemClock(), Registry([PRO, BUSY])
    await BucketControl(pool=pool, clock=clock, registry=registry, settle=seconds(0)).register()
    engine = Engine(pool=pool, registry=registry, clock=clock, posthog=True)
    await engine.posthog.register(["pro", "busy"])
    while registry.building:
        await engine.jobs.run_once()
        await BucketControl(pool=pool, clock=clock, registry=registry).refresh()
    server = PostHogServer(seed, trouble=0.15)
    asked = asyncio.Event()
    server.on_request = asked.set
    async with server.running() as port:
        workers = [_start(database, port) for _ in range(2)]
        for kill in range(kills):
            while await _position(pool) < transitions * (kill + 1) / kills:
                items = [changes(chance, n) for n in range(30)]
                now = clock.now()
                await engine.ingest.write(
                    [parse_event(i, now) if "name" in i else parse_contact(i) for i in items]
                )
            asked.clear()
            await asyncio.wait_for(asked.wait(), 60)
            await asyncio.sleep(0.02 * chance.random())
            number = chance.randrange(2)
            workers[number].kill()
            workers[number] = _start(database, port)
        while await pool.fetchval("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL"):
            asked.clear()
            with contextlib.suppress(TimeoutError):  # the last request has no successor
                await asyncio.wait_for(asked.wait(), 0.3)
        for worker in workers:
            worker.kill()
            await asyncio.to_thread(worker.join, 30)
            assert worker.exitcode == -signal.SIGKILL
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
    for bucket_id, name in NAMES.items():
        rows = await pool.fetch(
            "SELECT user_id FROM bucket_memberships WHERE bucket_id = $1 AND status = 'active'",
            bucket_id,
        )
        assert server.members(name) == {row["user_id"] for row in rows}


def _start(database, port):
    worker = _processes.Process(target=posthog_victim.run, args=(database, port))
    worker.start()
    return worker


async def _position(pool):
    return await pool.fetchval("SELECT coalesce(max(position), 0) FROM outbox")


async def test_killed_workers_leave_every_person_right(database, pool):
    """Around a request, before and after it is worked on; two workers side by side."""
    await _killed(database, pool, seed=1, transitions=300, kills=3)


@pytest.mark.soak
async def test_killed_workers_leave_every_person_right_after_10_000_transitions(database, pool):
    await _killed(database, pool, seed=2, transitions=10_000, kills=60)
