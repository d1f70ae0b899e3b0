"""Two tracks of migrations, the engine's and the app's own: under a lock, never backwards.

Every migration runs in one transaction that holds an advisory lock, so that of two
processes starting at once one migrates and the other finds nothing to do. Revisions form
one line and are numbered in their file names; this module reads the newest from there and
imports Alembic only when there is work, which keeps a start with nothing pending quick. A schema
that is newer than the code is refused.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import asyncpg

from hogsend.db.pool import STATEMENT_CACHE_SIZE, Connection, connect, quote
from hogsend.errors import DatabaseError

if TYPE_CHECKING:
    from alembic.script import ScriptDirectory
    from sqlalchemy import Connection as Sync

VERSION_TABLE: Final = "hogsend_alembic_version"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_LOCK: Final = 0x686F67_73656E64  # "hogsend"
_OLDEST_SERVER: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A line of migrations, and the table that tells which of them a database has.

    Attributes:
        owner: Whose they are, for messages.
        directory: Has a file ``NNNN_name.py`` for each revision ``NNNN``.
        remedy: What helps if the database has a revision that is not there.
    """

    owner: str
    directory: Path
    version_table: str
    remedy: str

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions of this version of the code, oldest first."""
        return _revisions(self.directory)


ENGINE: Final = Track(
    owner="Hogsend",
    directory=MIGRATIONS / "versions",
    version_table=VERSION_TABLE,
    remedy="Upgrade the hogsend package to the version that migrated this database",
)


def app_track(directory: Path) -> Track:
    """The app's own migrations, in ``directory``."""
    return Track(
        owner="the app",
        directory=directory,
        version_table="app_alembic_version",
        remedy="Deploy the version of the app that migrated this database",
    )


@functools.cache
def _revisions(directory: Path) -> tuple[str, ...]:
    scripts = directory.glob("[0-9]*.py")
    return tuple(sorted(script.name.partition("_")[0] for script in scripts))


def packaged_revisions() -> tuple[str, ...]:
    """The engine's revisions, oldest first."""
    return ENGINE.revisions


async def migrate(
    dsn: str,
    track: Track = ENGINE,
    *,
    schema: str | None = None,
    statement_cache_size: int = STATEMENT_CACHE_SIZE,
) -> list[str]:
    """Bring the schema up to date.

    Args:
        dsn: A ``postgresql://`` URL.
        track: Whose migrations.
        schema: Where the tables live, made if missing; None is the server's default.
        statement_cache_size: 0 behind a pooler.

    Returns:
        The revisions that this call applied, oldest first.

    Raises:
        DatabaseError: The server is too old, its schema newer than this code, or a migration of
            the app's failed; nothing of it is left.
    """
    if schema is not None:
        await _create_schema(dsn, schema)
    if not await pending(dsn, track, schema=schema, statement_cache_size=statement_cache_size):
        return []
    return await _upgrade(dsn, track, schema, statement_cache_size)


async def pending(
    dsn: str,
    track: Track = ENGINE,
    *,
    schema: str | None = None,
    statement_cache_size: int = STATEMENT_CACHE_SIZE,
) -> list[str]:
    """The revisions that ``migrate`` would apply, oldest first.

    Raises:
        DatabaseError: The server is too old, or its schema newer than this code.
    """
    connection = await connect(dsn, schema=schema, statement_cache_size=statement_cache_size)
    try:
        _require_version(connection)
        applied = await applied_revision(connection, track)
    finally:
        await connection.close()
    return list(_after(applied, track))


def _require_version(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    major = connection.get_server_version().major
    if major < _OLDEST_SERVER:
        raise DatabaseError(
            f"This server is PostgreSQL {major}; Hogsend needs {_OLDEST_SERVER} or newer."
        )


async def applied_revision(connection: Connection, track: Track = ENGINE) -> str | None:
    """The newest revision that the database has; None is none."""
    table = track.version_table
    if await connection.fetchval("SELECT to_regclass($1)", table) is None:
        return None
    revision: str | None = await connection.fetchval(f"SELECT version_num FROM {table}")  # noqa: S608
    return revision


def _after(applied: str | None, track: Track) -> tuple[str, ...]:
    """The revisions that follow ``applied``."""
    known = track.revisions
    if applied is None:
        return known
    if applied not in known:
        newest = f"its newest is {known[-1]}" if known else "it has none"
        raise DatabaseError(
            f"The database's schema is at revision {applied}, which this version of {track.owner} "
            f"does not know ({newest}). {track.remedy}, or point DATABASE_URL at another one."
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


async def _upgrade(
    dsn: str, track: Track, schema: str | None, statement_cache_size: int
) -> list[str]:
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
            return await connection.run_sync(_run_alembic, track)
    finally:
        await engine.dispose()


def _run_alembic(connection: Sync, track: Track) -> list[str]:
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415

    applied: list[str] = []
    attributes = {"connection": connection, "applied": applied, "table": track.version_table}
    config = Config(attributes=attributes)
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("version_locations", str(track.directory).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    try:
        _require_line(ScriptDirectory.from_config(config), track)
        command.upgrade(config, "head")
    except CommandError as error:  # e.g. a newer process migrated while this one waited
        raise DatabaseError(f"The database cannot be migrated: {error}") from error
    except DBAPIError as error:
        raise DatabaseError(
            f"A migration of {track.owner} failed, and nothing was changed: {error.orig}"
        ) from error
    return applied


def _require_line(scripts: ScriptDirectory, track: Track) -> None:
    """The file names are believed everywhere else, so they have to tell the line of revisions."""
    line = tuple(script.revision for script in scripts.walk_revisions())[::-1]
    if line != track.revisions:
        raise DatabaseError(
            f"The migrations in {track.directory} are numbered {', '.join(track.revisions)} by "
            f"their file names, but follow each other as {', '.join(line) or 'none'}: begin each "
            "file's name with its revision, as in 0002_teams.py, and let down_revision name the "
            "one before."
        )
