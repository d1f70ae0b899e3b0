"""The engine's schema: migrated under a lock, refused when newer than the code.

Every migration runs in one transaction that holds an advisory lock, so that of two
processes starting at once one migrates and the other finds nothing to do. Revisions form
one line and are numbered in their file names; this module reads the newest from there and
imports Alembic only when there is work, which keeps a start with nothing pending quick.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg

from hogsend.db.pool import STATEMENT_CACHE_SIZE, Connection, connect, quote
from hogsend.errors import DatabaseError

if TYPE_CHECKING:
    from sqlalchemy import Connection as Sync

VERSION_TABLE: Final = "hogsend_alembic_version"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x686F67_73656E64  # "hogsend"
_OLDEST_SERVER: Final = 15


@functools.cache
def packaged_revisions() -> tuple[str, ...]:
    """The revisions shipped with this version of the code, oldest first."""
    scripts = (MIGRATIONS / "versions").glob("[0-9]*.py")
    return tuple(sorted(script.name.partition("_")[0] for script in scripts))


async def migrate(
    dsn: str, *, schema: str | None = None, statement_cache_size: int = STATEMENT_CACHE_SIZE
) -> list[str]:
    """Bring the schema up to date.

    Args:
        dsn: A ``postgresql://`` URL.
        schema: Where the tables live, made if missing; None is the server's default.
        statement_cache_size: 0 behind a pooler.

    Returns:
        The revisions that this call applied, oldest first.

    Raises:
        DatabaseError: The server is too old, or its schema newer than this code.
    """
    if schema is not None:
        await _create_schema(dsn, schema)
    if not await pending(dsn, schema=schema, statement_cache_size=statement_cache_size):
        return []
    return await _upgrade(dsn, schema, statement_cache_size)


async def pending(
    dsn: str, *, schema: str | None = None, statement_cache_size: int = STATEMENT_CACHE_SIZE
) -> list[str]:
    """The revisions that ``migrate`` would apply, oldest first.

    Raises:
        DatabaseError: The server is too old, or its schema newer than this code.
    """
    connection = await connect(dsn, schema=schema, statement_cache_size=statement_cache_size)
    try:
        _require_version(connection)
        applied = await applied_revision(connection)
    finally:
        await connection.close()
    return list(_after(applied))


def _require_version(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    major = connection.get_server_version().major
    if major < _OLDEST_SERVER:
        raise DatabaseError(
            f"This server is PostgreSQL {major}; Hogsend needs {_OLDEST_SERVER} or newer."
        )


async def applied_revision(connection: Connection) -> str | None:
    """The newest revision that the database has; None is none."""
    if await connection.fetchval("SELECT to_regclass($1)", VERSION_TABLE) is None:
        return None
    revision: str | None = await connection.fetchval(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608
    return revision


def _after(applied: str | None) -> tuple[str, ...]:
    """The packaged revisions that follow ``applied``."""
    known = packaged_revisions()
    if applied is None:
        return known
    if applied not in known:
        raise DatabaseError(
            f"The database's schema is at revision {applied}, which this version of Hogsend "
            f"does not know (its newest is {known[-1]}). Upgrade the hogsend package to the "
            "version that migrated this database, or point DATABASE_URL at another one."
        )
    return known[known.index(applied) + 1 :]


async def _create_schema(dsn: str, schema: str) -> None:
    connection = await connect(dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK)
            await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quote(schema)}")
    finally:
        await connection.close()


async def _upgrade(dsn: str, schema: str | None, statement_cache_size: int) -> list[str]:
    from sqlalchemy import text  # noqa: PLC0415
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    async def creator() -> asyncpg.Connection[asyncpg.Record]:
        return await connect(
            dsn,
            schema=schema,
            statement_cache_size=statement_cache_size,
            application_name="hogsend migrate",
        )

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=creator,
        poolclass=NullPool,
        isolation_level="READ COMMITTED",
    )
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            return await connection.run_sync(_run_alembic)
    finally:
        await engine.dispose()


def _run_alembic(connection: Sync) -> list[str]:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    applied: list[str] = []
    config = Config(attributes={"connection": connection, "applied": applied})
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    try:
        command.upgrade(config, "head")
    except CommandError as error:  # e.g. a newer process migrated while this one waited
        raise DatabaseError(f"The database cannot be migrated: {error}") from error
    return applied
