"""A database that starts empty, beside the one in use and never instead of it."""

from __future__ import annotations

import urllib.parse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from hogsend.db.embedded import ensure_database
from hogsend.db.pool import connect, quote
from hogsend.errors import DatabaseError
from hogsend.settings import Settings

_MARK: Final = "made by hogsend; emptied whenever it is used again"


@asynccontextmanager
async def fresh_database(settings: Settings, name: str) -> AsyncIterator[str]:
    """The URL of an empty database on the server that ``settings`` name.

    What an earlier call left in it is dropped; a database of this name that somebody else made
    is not touched. It stays when the block ends.

    Raises:
        DatabaseError: It is in use, is not ours, or may not be made.
    """
    async with ensure_database(settings) as database:
        connection = await connect(database.dsn)
        try:
            await _recreate(connection, name)
        except asyncpg.ObjectInUseError as error:
            raise DatabaseError(
                f"The database {name} is in use. Stop the `hogsend demo` that runs on it "
                "(Ctrl-C), then try again."
            ) from error
        except asyncpg.InsufficientPrivilegeError as error:
            raise DatabaseError(
                f"The database {name} cannot be made: {error}. Let this user create databases, "
                "or unset DATABASE_URL to use the embedded server."
            ) from error
        finally:
            await connection.close()
        yield _with_name(database.dsn, name)


async def _recreate(connection: asyncpg.Connection[asyncpg.Record], name: str) -> None:
    mark = await connection.fetchrow(
        "SELECT shobj_description(oid, 'pg_database') AS text FROM pg_database WHERE datname = $1",
        name,
    )
    if mark is not None and mark["text"] != _MARK:
        raise DatabaseError(
            f"There is a database {name} already that `hogsend demo` did not make. Rename or drop "
            "it, or unset DATABASE_URL to use the embedded server."
        )
    await connection.execute(f"DROP DATABASE IF EXISTS {quote(name)}")
    await connection.execute(f"CREATE DATABASE {quote(name)} TEMPLATE template0")
    await connection.execute(f"ALTER DATABASE {quote(name)} SET synchronous_commit = off")
    await connection.execute(f"COMMENT ON DATABASE {quote(name)} IS '{_MARK}'")


def _with_name(dsn: str, name: str) -> str:
    return urllib.parse.urlsplit(dsn)._replace(path=f"/{urllib.parse.quote(name)}").geturl()
