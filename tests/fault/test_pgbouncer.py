"""Behind a real pgbouncer that pools by transaction everything works as without it."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import SecretStr
from tests.fault.pgbouncer import missing, pgbouncer

from hogsend.app.client import create_client
from hogsend.app.worker import create_worker
from hogsend.buckets.definition import define_bucket
from hogsend.db.migrate import migrate
from hogsend.db.pool import connect, create_pool
from hogsend.durations import seconds
from hogsend.errors import DatabaseError
from hogsend.events.parse import parse_event
from hogsend.settings import Settings

if reason := missing():
    pytest.skip(reason, allow_module_level=True)


def app(dsn, **settings):
    """An app with a bucket that people leave by the clock, soon."""
    buyers = define_bucket(
        id="buyers",
        name="Buyers",
        criteria=lambda b: b.event("buy").within(seconds(1)).at_least(2),
    )
    return create_client(
        buckets=[buyers],
        settings=Settings(database_url=SecretStr(dsn), statement_cache_size=0, **settings),
    )


async def left(pool, users):
    """Wait until all have left again."""
    async with asyncio.timeout(30):
        while await pool.fetchval(_LEAVES) < users:  # noqa: ASYNC110 - the worker tells nobody
            await asyncio.sleep(0.05)


_LEAVES = "SELECT count(*) FROM user_events WHERE event = 'bucket:left:buyers'"


async def test_the_engine_runs_behind_it(empty_database, tmp_path):
    """Migrating, ingest on all lanes from two processes' worth of clients, and the clock."""
    async with pgbouncer(empty_database, tmp_path / "pooler") as dsn:
        first, second = app(dsn), app(dsn)
        worker = create_worker(second)
        async with first, second:
            await worker.start()
            now = first.clock.now()
            writes = [parse_event({"userId": f"u{n}", "name": "buy"}, now) for n in range(50)]
            calls = [
                client.engine.batcher.submit([write])
                for write in writes
                for client in (first, second)
            ]
            outcomes = await asyncio.gather(*calls)
            assert all(outcome.stored for (outcome,) in outcomes)
            await left(first.engine.pool, 50)
            assert (await first.health()).ready
            await worker.stop()
    connection = await connect(empty_database)
    rows = await connection.fetch(
        "SELECT event, count(*) AS n FROM user_events GROUP BY event ORDER BY event"
    )
    await connection.close()
    assert {row["event"]: row["n"] for row in rows} == {
        "buy": 100,
        "bucket:entered": 50,
        "bucket:entered:buyers": 50,
        "bucket:left": 50,
        "bucket:left:buyers": 50,
    }


async def test_migrations_of_several_share_server_connections(empty_database, tmp_path):
    """Neither statements nor locks of one stay behind for the next client of the pooler."""
    async with pgbouncer(empty_database, tmp_path / "pooler") as dsn:
        applied = await asyncio.gather(*(migrate(dsn, statement_cache_size=0) for _ in range(3)))
        assert sorted(map(bool, applied)) == [False, False, True]
        assert await migrate(dsn, statement_cache_size=0) == []


async def test_a_pooler_that_nobody_told_of_is_recognised(empty_database, tmp_path):
    """The message says which setting to change."""
    async with pgbouncer(empty_database, tmp_path / "pooler") as dsn:
        for attempt in (migrate(dsn), connect(dsn), create_pool(dsn)):
            with pytest.raises(DatabaseError, match="STATEMENT_CACHE_SIZE=0"):
                await attempt


async def test_sessions_are_in_utc_and_have_a_name(database, tmp_path):
    """The two settings that a pooler carries over."""
    async with pgbouncer(database, tmp_path / "pooler") as dsn:
        pool = await create_pool(dsn, min_size=4, max_size=4, statement_cache_size=0)
        async with pool:
            connections = [await pool.acquire() for _ in range(4)]
            for connection in connections:
                zone = await connection.fetchval("SELECT current_setting('timezone')")
                name = await connection.fetchval("SELECT current_setting('application_name')")
                assert (zone, name.partition(" ")[0]) == ("UTC", "hogsend")
            for connection in connections:
                await pool.release(connection)
