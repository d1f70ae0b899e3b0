"""Looking at an app's database without taking part: nothing is migrated, registered or started.

What a start of the client does (note new definitions, have them backfilled) is a deploy; somebody
who asks a question with changed code on their machine must not cause one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from hogsend.app.client import Client
from hogsend.buckets.control import BucketControl
from hogsend.db.embedded import ensure_database
from hogsend.db.migrate import pending
from hogsend.db.pool import UNREACHABLE, Pool, create_pool
from hogsend.errors import DatabaseError

_CONNECTIONS = 2


@asynccontextmanager
async def open_for_reading(client: Client) -> AsyncIterator[Pool]:
    """Connections that cannot write; the client's registry knows which buckets are live.

    Raises:
        DatabaseError: It cannot be reached, or its schema is not the one this code reads.
    """
    settings = client.settings
    async with ensure_database(settings) as database:
        await _require_schema(database.dsn, settings.statement_cache_size)
        pool = await create_pool(
            database.dsn,
            max_size=_CONNECTIONS,
            statement_cache_size=settings.statement_cache_size,
            read_only=True,
        )
        async with pool:
            control = BucketControl(
                pool=pool,
                clock=client.clock,
                registry=client.registry,
                chosen=settings.enabled_buckets,
            )
            await control.refresh(any_version=True)
            yield pool


async def _require_schema(dsn: str, statement_cache_size: int) -> None:
    try:
        missing = await pending(dsn, statement_cache_size=statement_cache_size)
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        raise DatabaseError(f"The database cannot be reached: {error}") from error
    if missing:
        raise DatabaseError(
            f"The database's schema lacks {', '.join(missing)}, and this command changes nothing. "
            "Run `hogsend migrate` first."
        )
