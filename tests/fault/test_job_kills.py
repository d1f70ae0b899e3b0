"""kill -9 of a worker in the middle of a re-evaluation: the result is that of an undisturbed run."""

from __future__ import annotations

import multiprocessing
import signal
from datetime import timedelta

from tests.fault import job_victim
from tests.integration.deploy.stays import stored_stays

from hogsend.app.engine import Engine
from hogsend.buckets.control import BucketControl
from hogsend.buckets.registry import Registry
from hogsend.clock import SystemClock
from hogsend.db.pool import create_pool
from hogsend.events.parse import parse_contact, parse_event

_processes = multiprocessing.get_context("forkserver")

PEOPLE = 200


def work(dsn, point=None, times=0):
    victim = _processes.Process(target=job_victim.run, args=(dsn, point, times))
    victim.start()
    victim.join(60)
    return victim.exitcode


async def deploy(pool, buckets):
    registry = Registry(buckets)
    clock = SystemClock()
    await BucketControl(pool=pool, clock=clock, registry=registry, settle=timedelta(0)).register()
    return Engine(pool=pool, registry=registry, clock=clock)


async def prepare(dsn):
    """People with 0 to 3 purchases; members by events under the first definition."""
    async with await create_pool(dsn, min_size=1, max_size=2) as pool:
        engine = await deploy(pool, job_victim.before())
        now = engine.clock.now()
        writes = [
            parse_event(
                {"userId": f"u{n:03}", "name": "buy", "timestamp": f"2026-01-0{1 + buy}T00:00:00Z"},
                now,
            )
            for n in range(PEOPLE)
            for buy in range(n % 4)
        ]
        writes += [parse_contact({"userId": f"u{n:03}", "properties": {}}) for n in range(PEOPLE)]
        await engine.ingest.write(writes)
        await deploy(pool, job_victim.after())


async def rows(dsn):
    """All that does not depend on when things happened."""
    async with await create_pool(dsn, min_size=1, max_size=2) as pool:
        events = await pool.fetch(
            "SELECT user_id, event, properties::text FROM user_events "
            "WHERE event LIKE 'bucket:%' ORDER BY 1, 2, 3"
        )
        timers = await pool.fetch("SELECT user_id, due_at, mark FROM bucket_timers ORDER BY 1")
        jobs = await pool.fetch(
            "SELECT kind, status, done, total, joined, left_count, attempts FROM bucket_jobs "
            "ORDER BY created_at"
        )
        return [await stored_stays(pool), *map(tuple, [*events, *timers, *jobs])]


async def test_a_job_that_is_killed_again_and_again_ends_as_if_it_never_was(
    database, second_database
):
    """At every named point, at a chunk's beginning, inside and at its end, in one job."""
    await prepare(database)
    await prepare(second_database)
    for number, point in enumerate(job_victim.POINTS):
        if point != "done, not noted":
            assert work(database, point, 1 + number % 2) == -signal.SIGKILL, point
    assert work(database, "done, not noted", 1) == -signal.SIGKILL
    assert work(database) == 0
    assert work(second_database) == 0
    killed, undisturbed = await rows(database), await rows(second_database)
    assert killed == undisturbed
    assert ("reevaluate", "done", PEOPLE, PEOPLE, 100, 100, 0) in killed
