"""A scratch schema, filled with a population, gone afterwards."""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from hogsend.buckets.definition import Bucket, define_bucket
from hogsend.criteria.ast import Criteria
from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.sql import compile_selection
from hogsend.db.embedded import ensure_database
from hogsend.db.migrate import migrate
from hogsend.db.pool import Connection, Pool, connect, create_pool
from hogsend.db.queries import load_queries
from hogsend.durations import days
from hogsend.settings import Settings

SQL = load_queries(__package__)

Note = Callable[[str], None]


def classic_buckets() -> list[Bucket]:
    """The three buckets that every figure is measured with."""
    return [
        define_bucket(
            id="power-users",
            name="Power users",
            criteria=lambda b: b.event("key.action").within(days(30)).at_least(10),
        ),
        define_bucket(
            id="trial-expiring-soon", name="Trial expiring soon", criteria=_trial_expiring_soon
        ),
        define_bucket(id="went-dormant", name="Went dormant", criteria=_went_dormant),
    ]


def _trial_expiring_soon(b: CriteriaBuilder) -> Criteria:
    return b.all(b.prop("plan").eq("trial"), b.prop("trial_ends_at").within_next(days(3)))


def _went_dormant(b: CriteriaBuilder) -> Criteria:
    return b.all(
        b.event("app.active").exists(),
        b.event("app.active").within(days(7)).not_exists(),
    )


def schema_name() -> str:
    """The name of this process's scratch schema."""
    return f"hogsend_bench_{os.getpid()}"


@asynccontextmanager
async def scratch_place(settings: Settings) -> AsyncIterator[str]:
    """The URL of a migrated schema of its own, dropped at the end."""
    schema = schema_name()
    async with ensure_database(settings) as database:
        try:
            await migrate(database.dsn, schema=schema)
            parts = urllib.parse.urlsplit(database.dsn)
            options = [*urllib.parse.parse_qsl(parts.query), ("search_path", schema)]
            yield parts._replace(query=urllib.parse.urlencode(options)).geturl()
        finally:
            connection = await connect(database.dsn)
            await connection.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
            await connection.close()


@asynccontextmanager
async def scratch_schema(settings: Settings, *, connections: int) -> AsyncIterator[Pool]:
    """A pool on a scratch place."""
    async with (
        scratch_place(settings) as dsn,
        await create_pool(dsn, min_size=connections, max_size=connections) as pool,
    ):
        yield pool


async def populate(
    pool: Pool, buckets: list[Bucket], now: datetime, *, contacts: int, events: int, note: Note
) -> None:
    """Fill the schema: people with properties, their history, and who is in which bucket."""
    note(f"populating {contacts:,} contacts and {events:,} events")
    async with pool.acquire() as connection:
        await connection.execute(SQL.generate_contacts, contacts, now)
        await connection.execute("ALTER TABLE user_events DROP CONSTRAINT user_events_pkey")
        await connection.execute(SQL.generate_events, contacts, events, now)
        await connection.execute(
            "ALTER TABLE user_events ADD PRIMARY KEY (user_id, event, occurred_at, id)"
        )
        await connection.execute("ANALYZE")
        for bucket in buckets:
            await _settle(connection, bucket, now)
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")


async def _settle(connection: Connection, bucket: Bucket, now: datetime) -> None:
    """Put everybody who matches in, silently, and arm the timers."""
    selection = compile_selection(bucket.meta.criteria, scope="contacts", taken=2)
    statement = SQL.settle_bucket.replace("/* selection */", selection.text)
    await connection.execute(statement, now, bucket.id, *selection.params)
