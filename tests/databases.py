"""Databases for tests: migrated, empty, used again.

To clone a template and drop the clone takes four times as long as to empty one; so a database goes
from test to test. One in which a test left more than rows is dropped.
"""

from __future__ import annotations

import itertools
import os
import urllib.parse

import asyncpg

from hogsend.db.migrate import migrate
from hogsend.testing.background import Background

_serial = itertools.count()

_LOOK = """
SELECT concat_ws(' ',
    (SELECT concat(count(*), max(oid)) FROM pg_class WHERE relnamespace = 'public'::regnamespace),
    (SELECT concat(count(*), max(xmin::text::bigint)) FROM pg_attribute WHERE attrelid >= 16384),
    (SELECT concat(count(*), max(xmin::text::bigint)) FROM pg_index WHERE indexrelid >= 16384),
    (SELECT concat(count(*), max(xmin::text::bigint)) FROM pg_constraint WHERE oid >= 16384),
    (SELECT concat(count(*), max(xmin::text::bigint)) FROM pg_trigger),
    (SELECT concat(count(*), max(xmin::text::bigint)) FROM pg_proc WHERE oid >= 16384),
    (SELECT count(*) FROM pg_namespace),
    (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384),
    (SELECT count(*) FROM pg_db_role_setting AS setting
     JOIN pg_database ON pg_database.oid = setdatabase WHERE datname = current_database()),
    (SELECT version_num FROM hogsend_alembic_version)
) AS traces, (
    SELECT string_agg(quote_ident(relname), ', ') FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
    AND relname <> 'hogsend_alembic_version' AND pg_relation_size(oid) > 0
) AS filled
"""
"""What a test may leave behind besides rows (another schema, statistics), and which tables have
rows."""

_ALONE = """
SELECT coalesce(bool_and(pg_terminate_backend(pid, 2000)), true) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
"""Whether nobody else is connected now; who was killed may still be on the way out."""


def in_database(dsn: str, name: str) -> str:
    """The DSN of another database on the server of ``dsn``."""
    return urllib.parse.urlsplit(dsn)._replace(path=f"/{name}").geturl()


async def create(server: str, template: str) -> str:
    """Clone a database; returns the name of the clone."""
    name = f"hogsend_test_{os.getpid()}_{next(_serial)}"
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(
            f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY'
        )
    finally:
        await connection.close()
    return name


async def drop(server: str, name: str) -> None:
    """Drop a database, whoever is connected."""
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


class Databases:
    """Migrated databases of one process on one server.

    To each there stays a connection, in the background: a test's loop ends with the test.
    """

    def __init__(self, server: str) -> None:
        self._server = server
        self._template = self._clean = ""
        self._connections: dict[str, asyncpg.Connection] = {}
        self._free: list[str] = []
        self._background = Background()

    def open(self) -> None:
        """Make the template."""
        self._background.run(self._open())

    async def _open(self) -> None:
        self._template = await create(self._server, "template0")
        dsn = in_database(self._server, self._template)
        await migrate(dsn)
        connection = await asyncpg.connect(dsn)
        self._clean = (await connection.fetchrow(_LOOK))["traces"]
        await connection.close()

    def close(self) -> None:
        """Drop what was made."""
        self._background.run(self._close())
        self._background.close()

    async def _close(self) -> None:
        for name in [*self._connections]:
            await self._drop(name)
        await drop(self._server, self._template)

    def take(self) -> str:
        """The name of a database that nobody else uses."""
        return self._free.pop() if self._free else self._background.run(self._create())

    async def _create(self) -> str:
        name = await create(self._server, self._template)
        self._connections[name] = await asyncpg.connect(in_database(self._server, name))
        return name

    def give_back(self, name: str) -> None:
        """Have it for the next one, if it can be made as good as new."""
        if self.empty(name):
            self._free.append(name)
        else:
            self._background.run(self._drop(name))

    def empty(self, name: str) -> bool:
        """Remove the rows; returns whether there was nothing else to remove."""
        return self._background.run(self._empty(self._connections[name]))

    async def _empty(self, connection: asyncpg.Connection) -> bool:
        try:
            alone = await connection.fetchval(_ALONE)
            traces, filled = await connection.fetchrow(_LOOK)
            if alone and filled is not None:
                await connection.execute(f"TRUNCATE {filled} RESTART IDENTITY CASCADE")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):  # it was cut off
            return False
        return alone and traces == self._clean

    async def _drop(self, name: str) -> None:
        await self._connections.pop(name).close()
        await drop(self._server, name)
