"""Several workers on one wave of expiries, and one of them dies in the middle."""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import suppress

import pytest
from tests.fault import wave_victim
from tests.fault.wave_victim import QUIET, RECENT, WINDOW
from tests.world import World

from hogsend.clock import SystemClock
from hogsend.durations import seconds

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.fault.wave_victim"])


async def arm(pool, users):
    """Everybody is a member of ``recent`` until one instant, in a moment."""
    seen_at = SystemClock().now() - WINDOW + seconds(2)
    world = World(pool, [RECENT, QUIET], start=seen_at)
    for start in range(0, users, 1000):
        stop = min(start + 1000, users)
        await world.events([{"userId": f"u{n}", "name": "act"} for n in range(start, stop)])
    return seen_at + WINDOW


def start_worker(dsn, point, times):
    """A worker that has connected."""
    ours, theirs = _processes.Pipe(duplex=False)
    worker = _processes.Process(target=wave_victim.run, args=(dsn, theirs, point, times))
    worker.start()
    theirs.close()
    ours.recv()
    return worker, ours


def settled_by(worker, pipe):
    """How many users the worker settled before it ended."""
    users = 0
    with suppress(EOFError):
        while True:
            users += pipe.recv()
    worker.join()
    pipe.close()
    return users


async def check_wave(pool, users, due_at):
    """Each user left the one and joined the other once, at that instant, and nothing else."""
    rows = await pool.fetch(
        "SELECT user_id, event, occurred_at FROM user_events "
        "WHERE event LIKE 'bucket:%' AND properties ->> 'source' = 'reconcile' "
    )
    names = ("bucket:left:recent", "bucket:left", "bucket:entered:quiet", "bucket:entered")
    assert sorted(map(tuple, rows)) == sorted(
        (f"u{n}", name, due_at) for n in range(users) for name in names
    )
    stays = await pool.fetch(
        "SELECT bucket_id, status, entry_count, count(*) FROM bucket_memberships "
        "GROUP BY 1, 2, 3 ORDER BY 1"
    )
    assert [tuple(row) for row in stays] == [
        ("quiet", "active", 1, users),
        ("recent", "left", 1, users),
    ]
    assert await pool.fetchval("SELECT count(*) FROM bucket_timers") == 0


async def run_wave(pool, dsn, users, workers, point):
    """All workers on one wave; with a ``point``, the first dies there, in its second batch."""
    due_at = await arm(pool, users)
    points = [point, *[None] * (workers - 1)]
    running = [start_worker(dsn, each, 2) for each in points]
    settled = [settled_by(*each) for each in running]
    codes = [worker.exitcode for worker, _ in running]
    assert codes == [0 if each is None else -signal.SIGKILL for each in points]
    assert sum(settled) > 0
    await check_wave(pool, users, due_at)


@pytest.mark.parametrize(
    ("workers", "point"), [(2, None), (2, "events appended"), (4, "memberships saved")]
)
async def test_workers_share_a_wave(pool, database, workers, point):
    """No transition is missing, none is doubled, whether or not one is killed mid-batch."""
    await run_wave(pool, database, 2_000, workers, point)


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("workers", [2, 4])
@pytest.mark.parametrize(
    "point", [None, "memberships decided", "memberships saved", "timers saved", "events appended"]
)
async def test_workers_share_a_large_wave(pool, database, workers, point):
    """The same with 30,000 users, at each point."""
    await run_wave(pool, database, 30_000, workers, point)
