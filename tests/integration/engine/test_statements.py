"""The hot path's statements: how many there are, and how PostgreSQL runs them."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from tests.world import World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days


def buckets(number):
    """Half of them join by events, half leave by the clock; all watch the same event."""
    return [
        define_bucket(
            id=f"bucket-{n}",
            name=f"Bucket {n}",
            criteria=lambda b, n=n: b.any(
                b.event("act").within(days(n + 1)).at_least(2 + n % 3),
                b.event("buy").where(b.prop("amount").gte(n)).exists(),
                b.all(b.event("act").exists(), b.event("act").within(days(7)).not_exists()),
            ),
        )
        for n in range(number)
    ]


@asynccontextmanager
async def logged(pool):
    """The texts of all statements that the pool's connections run."""
    queries: list[str] = []

    def note(record):
        queries.append(record.query)

    async with AsyncExitStack() as stack:
        for _ in range(pool.get_size()):
            connection = await stack.enter_async_context(pool.acquire())
            connection.add_query_logger(note)
    yield queries


def batch(start, size):
    return [
        {"userId": f"u{n}", "name": "act", "contactProperties": {"n": n}}
        for n in range(start, start + size)
    ]


@pytest.mark.parametrize("registered", [1, 60])
async def test_a_flush_takes_a_constant_number_of_statements(pool, registered):
    """Neither the batch nor the number of registered buckets changes it."""
    world = World(pool, buckets(registered))
    counts = set()
    for size in (1, 20, 100):
        await world.events(batch(0, size))
        async with logged(pool) as queries:
            await world.events(batch(0, size))
            await asyncio.sleep(0)
        counts.add(len(queries))
    assert max(counts) <= 10
    assert len(counts) <= 2, counts


TABLES = ("contacts", "user_events", "bucket_memberships", "bucket_timers")


async def test_no_hot_statement_scans_a_table(pool):
    """With generic plans, as prepared statements get them, every table is read by an index."""
    world = World(pool, buckets(5))
    users = 3000
    for start in range(0, users, 1000):
        await world.events(batch(start, 1000))
        await world.events(batch(start, 1000))
    for table in TABLES:
        await pool.execute(f"ANALYZE {table}")
    async with logged(pool) as queries:
        await world.events(batch(0, 50))
        await world.events(
            [
                {
                    "userId": "new",
                    "email": "n@x.org",
                    "name": "buy",
                    "idempotencyKey": "k",
                    "eventProperties": {"amount": 3},
                }
            ]
        )
        await world.events([{"email": "n@x.org", "name": "buy"}])
        await world.advance(days(8))
        await asyncio.sleep(0)
    plans = {}
    async with pool.acquire() as connection:
        await connection.execute("SET plan_cache_mode = force_generic_plan")
        for query in set(queries):
            if "$1" in query:
                plans[query] = await explain(connection, query)
        await connection.execute("RESET plan_cache_mode")
    assert len(plans) >= 7
    for query, plan in plans.items():
        scanned = {node["Relation Name"] for node in walk(plan) if node["Node Type"] == "Seq Scan"}
        assert not scanned, f"{scanned} scanned by {query}"


async def explain(connection, query):
    statement = await connection.prepare(query)
    values = ", ".join(
        f"NULL::{parameter.schema}.{parameter.name}"
        if parameter.kind == "scalar"
        else f"NULL::{parameter.name}"
        for parameter in statement.get_parameters()
    )
    await connection.execute(f"PREPARE hot AS {query}")
    rows = await connection.fetchval(f"EXPLAIN (FORMAT JSON) EXECUTE hot({values})")
    await connection.execute("DEALLOCATE hot")
    return json.loads(rows)[0]["Plan"]


def walk(node):
    yield node
    for child in node.get("Plans", ()):
        yield from walk(child)
