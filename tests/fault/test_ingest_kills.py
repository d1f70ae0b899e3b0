"""kill -9 of a worker in the middle of ingest: what was acknowledged is there, once."""

from __future__ import annotations

import multiprocessing
import random
import signal
from contextlib import suppress

import asyncpg
import pytest
from tests.fault import ingest_victim
from tests.integration.engine.test_racing import check_alternation

from hogsend.db.pool import connect

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.fault.ingest_victim"])


def start_victim(dsn, start, end, point=None, times=0, victim=ingest_victim.run):
    ours, theirs = _processes.Pipe(duplex=False)
    arguments = (dsn, start, end, theirs, point, times)
    process = _processes.Process(target=victim, args=arguments)
    process.start()
    theirs.close()
    return process, ours


def last_acknowledged(pipe, place):
    """Read what the victim told before it died."""
    with suppress(EOFError):
        while True:
            place = pipe.recv()
    return place


def die_at_point(dsn, place, end, point, times, **options):
    """One round: run until the worker kills itself, and return the place to go on from."""
    victim, pipe = start_victim(dsn, place, end, point, times, **options)
    place = last_acknowledged(pipe, place)
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    pipe.close()
    return place


def kill_at_random(dsn, place, end, chance, **options):
    """One round: run a while, kill -9, and return the place to go on from."""
    victim, pipe = start_victim(dsn, place, end, **options)
    with suppress(EOFError):
        if pipe.poll(30):
            place = pipe.recv()
    victim.join(chance.random() * 0.06)
    victim.kill()
    place = last_acknowledged(pipe, place)
    victim.join()
    pipe.close()
    return place


def finish(dsn, place, end, **options):
    victim, pipe = start_victim(dsn, place, end, **options)
    place = last_acknowledged(pipe, place)
    victim.join()
    assert (victim.exitcode, place) == (0, end)


async def steady_rows(dsn):
    """All rows whose content does not depend on when things happened."""
    connection = await asyncpg.connect(dsn)
    tables = {
        "contacts": "SELECT user_id, properties::text FROM contacts",
        "events": "SELECT user_id, event, properties::text, idempotency_key, "
        "CASE WHEN substr(idempotency_key, 2)::int % 3 > 0 THEN occurred_at END "
        "FROM user_events WHERE event NOT LIKE 'bucket:%'",
        "transitions": "SELECT user_id, event, properties::text, row_number() OVER "
        "(PARTITION BY user_id, properties ->> 'bucketId' ORDER BY id) FROM user_events "
        "WHERE event LIKE 'bucket:%' AND properties ->> 'bucketId' <> 'recent'",
        "memberships": "SELECT user_id, bucket_id, entry_count, status, source, reason "
        "FROM bucket_memberships WHERE bucket_id <> 'recent'",
    }
    rows = {
        name: sorted(map(tuple, await connection.fetch(query)), key=repr)
        for name, query in tables.items()
    }
    await connection.close()
    return rows


async def check_kills(killed, undisturbed, rounds):
    chance = random.Random(rounds)
    place, end = 0, 10_000_000
    for number in range(rounds):
        if number % 20 == 0:
            for point in ingest_victim.POINTS:
                place = die_at_point(killed, place, end, point, chance.randint(1, 4))
        place = kill_at_random(killed, place, end, chance)
    end = place + 100
    finish(killed, place, end)
    finish(undisturbed, 0, end)
    assert await steady_rows(killed) == await steady_rows(undisturbed)
    connection = await connect(killed)
    await check_alternation(connection)
    await connection.close()
    return end


async def test_killed_workers_leave_the_rows_of_an_undisturbed_run(database, second_database):
    """Each named point and random moments; the events sent again carry their keys."""
    assert await check_kills(database, second_database, rounds=6) > 100


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_a_thousand_killed_workers(database, second_database):
    """The same, 1,000 random moments, and each named point fifty times."""
    await check_kills(database, second_database, rounds=1000)
