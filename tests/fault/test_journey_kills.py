"""kill -9 of a worker in the middle of journeys: each step, mail and enrolment is on record once."""

from __future__ import annotations

import multiprocessing
import random

import pytest
from tests.fault import journey_victim
from tests.fault.test_ingest_kills import die_at_point, finish, kill_at_random

from hogsend.db.pool import connect

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.fault.ingest_victim", "tests.fault.journey_victim"])


async def check(dsn, users):
    """What has to be true whatever was killed."""
    connection = await connect(dsn)
    runs = await connection.fetch("SELECT user_id, status, attempts, journal FROM journey_states")
    assert sorted(run["user_id"] for run in runs) == sorted(f"u{n}" for n in range(users))
    for run in runs:
        assert [entry["call"] for entry in run["journal"]] == journey_victim.CALLS
        assert (run["status"], run["attempts"]) == ("completed", 0)
        found = run["journal"][journey_victim.CALLS.index("wait_for_event:toured/done")]
        assert found["result"] is not None  # the event that the call before had sent
    toured = await connection.fetch(
        "SELECT user_id, count(*) FROM user_events WHERE event = 'toured' GROUP BY 1"
    )
    assert {row["count"] for row in toured} == {1}
    sends = await connection.fetch("SELECT user_id, status, id FROM email_sends")
    assert len(sends) == 2 * users
    assert {row["status"] for row in sends} == {"sent"}
    keys = await connection.fetch("SELECT DISTINCT key, recipient, subject FROM deliveries")
    assert sorted(row["key"] for row in keys) == sorted(f"hogsend/{row['id']}" for row in sends)
    effects = await connection.fetch("SELECT user_id, step, count(*) FROM effects GROUP BY 1, 2")
    assert len(effects) == 2 * users
    repeated = sum(row["count"] - 1 for row in effects)
    await connection.close()
    return repeated


async def check_kills(dsn, *, points, rounds):
    connection = await connect(dsn)
    await connection.execute(journey_victim.OUTSIDE)
    await connection.close()
    chance = random.Random(rounds)
    place, end = 0, 10_000_000
    for _ in range(points):
        for point in journey_victim.POINTS:
            times = chance.randint(1, 5)
            place = die_at_point(dsn, place, end, point, times, victim=journey_victim.run)
    for _ in range(rounds):
        place = kill_at_random(dsn, place, end, chance, victim=journey_victim.run)
    end = place + 5
    finish(dsn, place, end, victim=journey_victim.run)
    return end, await check(dsn, end)


async def test_killed_workers_leave_each_record_once(database):
    """At each named point and at random moments; an effect may repeat, a record does not.

    The provider sees every mail under one key, however often it sees it.
    """
    users, repeated = await check_kills(database, points=1, rounds=2)
    assert users > 20
    assert repeated < 2 * users


@pytest.mark.soak
@pytest.mark.timeout(7200)
async def test_hundreds_of_killed_workers(database):
    """The same, for minutes."""
    await check_kills(database, points=10, rounds=300)
