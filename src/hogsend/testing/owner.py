"""This process as the owner of databases on a server.

Each owner holds an advisory lock under a random number for as long as its connection lives, and
the names of its databases contain that number. A database whose number nobody holds is a leftover
of a process that died; the next owner drops it. The lock is taken before the first database is
made and never again, so a missing lock is proof. Advisory locks belong to one database, but
``pg_locks`` shows those of all, so that owners that connected to different ones see each other.
"""

from __future__ import annotations

import itertools
import secrets
from typing import Final, Self

import asyncpg

from hogsend.db.pool import UNREACHABLE, connect, quote
from hogsend.db.queries import load_queries
from hogsend.errors import DatabaseError
from hogsend.testing.server import in_database

SQL = load_queries(__package__)

PREFIX: Final = "hogsend_sim_"
_LOCK_CLASS: Final = 0x686F67  # "hog"
_TEMPLATES: Final = 0


class Owner:
    """Makes and drops databases. Its methods are called one at a time."""

    def __init__(
        self, connection: asyncpg.Connection[asyncpg.Record], dsn: str, number: int, strategy: str
    ) -> None:
        self._connection = connection
        self._dsn = dsn
        self._number = number
        self._strategy = strategy
        self._serial = itertools.count()

    @classmethod
    async def register(cls, dsn: str) -> Self:
        """A new owner on the server of ``dsn``, after the leftovers of dead ones are dropped.

        Raises:
            DatabaseError: The server cannot be reached.
        """
        try:
            connection = await connect(dsn, application_name="hogsend testing")
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            raise DatabaseError(
                f"The server for tests cannot be reached: {error}. It is the one that "
                "TEST_DATABASE_URL or DATABASE_URL names; unset them to have one started."
            ) from error
        number = 1 + secrets.randbelow(2**31 - 1)
        await connection.execute("SET synchronous_commit = off")
        await connection.execute("SELECT pg_advisory_lock($1, $2)", _LOCK_CLASS, number)
        durable = await connection.fetchval("SHOW fsync") == "on"
        # Copying files waits for a checkpoint: 20 ms without fsync, up to a second with it.
        owner = cls(connection, dsn, number, "WAL_LOG" if durable else "FILE_COPY")
        await owner.sweep()
        return owner

    @property
    def lost(self) -> bool:
        """Its connection is gone, and with it the claim to its databases."""
        return self._connection.is_closed()

    def dsn_of(self, name: str) -> str:
        """The URL of a database on this server."""
        return in_database(self._dsn, name)

    async def exists(self, name: str) -> bool:
        """Whether there is a database of that name."""
        found: bool = await self._connection.fetchval(SQL.database_exists, name)
        return found

    async def create(self, template: str) -> str:
        """Clone ``template``; returns the name of the new database.

        Raises:
            DatabaseError: This user may not create databases.
        """
        name = f"{PREFIX}{self._number:08x}_{next(self._serial)}"
        try:
            await self._connection.execute(
                f"CREATE DATABASE {quote(name)} TEMPLATE {quote(template)} "
                f"STRATEGY {self._strategy}"
            )
        except asyncpg.InsufficientPrivilegeError as error:
            raise DatabaseError(
                f"A database for the test cannot be made: {error}. Let this user create "
                "databases (ALTER ROLE … CREATEDB), or unset TEST_DATABASE_URL and DATABASE_URL "
                "to have a server started."
            ) from error
        await self._connection.execute(f"ALTER DATABASE {quote(name)} SET synchronous_commit = off")
        return name

    async def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        await self._connection.execute(f"DROP DATABASE IF EXISTS {quote(name)} WITH (FORCE)")

    async def seal(self, draft: str, name: str) -> None:
        """Turn a database into a template: under its final name, closed to connections."""
        await self._connection.execute(f"ALTER DATABASE {quote(draft)} RENAME TO {quote(name)}")
        await self._connection.execute(f"ALTER DATABASE {quote(name)} ALLOW_CONNECTIONS false")

    async def lock_templates(self) -> None:
        """Wait until nobody else makes a template."""
        await self._connection.execute("SELECT pg_advisory_lock($1, $2)", _LOCK_CLASS, _TEMPLATES)

    async def unlock_templates(self) -> None:
        """Let others make templates."""
        await self._connection.execute("SELECT pg_advisory_unlock($1, $2)", _LOCK_CLASS, _TEMPLATES)

    async def drop_like(self, pattern: str, keep: str) -> None:
        """Drop the databases whose name matches a regular expression, but for one."""
        for row in await self._connection.fetch(SQL.databases_like, pattern):
            if row["name"] != keep:
                await self.drop(row["name"])

    async def sweep(self) -> None:
        """Drop the databases of owners that are no more."""
        for row in await self._connection.fetch(SQL.orphaned_databases, PREFIX, _LOCK_CLASS):
            await self.drop(row["name"])

    async def close(self) -> None:
        """Drop what is left of ours, and give up the number."""
        await self.drop_like(f"^{PREFIX}{self._number:08x}_[0-9]+$", keep="")
        await self._connection.close()
