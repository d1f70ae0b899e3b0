"""Migrated databases for tests: cloned once, emptied and used again.

Cloning and dropping a database costs 30 ms on a server without fsync, and up to a second on one
with it; emptying one costs 10 ms on either. So what a simulation gives back is emptied for the
next one. A database that a test got to itself (``hogsend_database``) may have been changed in any
way, so it is dropped.
"""

from __future__ import annotations

import asyncio
import atexit
import functools
import os
from typing import Final, Self

import asyncpg

from hogsend.db.migrate import VERSION_TABLE
from hogsend.db.pool import UNREACHABLE, connect
from hogsend.testing.background import Background
from hogsend.testing.owner import SQL, Owner
from hogsend.testing.server import Place, Server, find_place
from hogsend.testing.template import ensure_template

_PATIENCE_MS: Final = 2_000  # for the locks of connections that should have been closed
_FAILURES: Final = (*UNREACHABLE, asyncpg.PostgresError)


class Lease:
    """A database that one user has to itself, and a connection to it in the background."""

    def __init__(self, name: str, dsn: str, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self.name = name
        self.dsn = dsn
        self.connection = connection

    @classmethod
    async def open(cls, name: str, dsn: str) -> Self:
        """Connect to the database ``name``."""
        connection = await connect(dsn, application_name="hogsend testing")
        await connection.execute(f"SET lock_timeout = {_PATIENCE_MS}")
        return cls(name, dsn, connection)

    async def filled(self) -> list[str]:
        """The tables that have rows, quoted."""
        tables = [
            row["name"] for row in await self.connection.fetch(SQL.list_tables, VERSION_TABLE)
        ]
        questions = [
            f"SELECT {position} AS position WHERE EXISTS (SELECT FROM {table})"  # noqa: S608 - quoted
            for position, table in enumerate(tables)
        ]
        rows = await self.connection.fetch(" UNION ALL ".join(questions))
        return [tables[row["position"]] for row in rows]

    async def empty(self) -> None:
        """Make it as it was when it was new; nobody may be connected any more."""
        if tables := await self.filled():
            await self.connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


class Databases:
    """The databases of this process on one server; lives on the background's loop.

    Args:
        place: Where the server is.
    """

    def __init__(self, place: Place) -> None:
        self._server = Server(place)
        self._turn = asyncio.Lock()
        self._owner: Owner | None = None
        self._leases: set[Lease] = set()
        self._free: list[Lease] = []

    async def lease(self) -> Lease:
        """An empty, migrated database; ``give_back`` or ``drop`` it."""
        async with self._turn:
            owner = await self._registered()
            while self._free:
                lease = self._free.pop()
                if not lease.connection.is_closed():
                    return lease
            name = await owner.create(await ensure_template(owner))
            lease = await Lease.open(name, owner.dsn_of(name))
            self._leases.add(lease)
            return lease

    async def give_back(self, lease: Lease) -> None:
        """Empty the database and keep it for the next one; drop it if that fails."""
        async with self._turn:
            try:
                await lease.empty()
                self._free.append(lease)
            except _FAILURES:
                await self._drop(lease)

    async def drop(self, lease: Lease) -> None:
        """Drop the database."""
        async with self._turn:
            await self._drop(lease)

    async def close(self) -> None:
        """Drop all databases and leave the server."""
        async with self._turn:
            for lease in self._leases:
                await lease.connection.close()
            if self._owner is not None and not self._owner.lost:
                await self._owner.close()
            await self._server.stop()

    async def _registered(self) -> Owner:
        if self._owner is None or self._owner.lost:
            while self._free:
                await self._drop(self._free.pop())
            self._owner = await Owner.register(await self._server.start())
        return self._owner

    async def _drop(self, lease: Lease) -> None:
        self._leases.discard(lease)
        await lease.connection.close()
        if self._owner is not None and not self._owner.lost:
            await self._owner.drop(lease.name)


class Depot:
    """All that this process keeps for its tests: a background, and databases by server."""

    def __init__(self) -> None:
        self.background = Background()
        self._pid = os.getpid()
        self._databases: dict[Place, Databases] = {}
        atexit.register(self.close)

    def databases(self, url: str | None) -> Databases:
        """The databases on the server that ``url`` or the environment names."""
        place = find_place(url)
        if place not in self._databases:
            self._databases[place] = Databases(place)
        return self._databases[place]

    def close(self) -> None:
        """Drop everything; a fork leaves it to the process that it was forked from."""
        if self._pid != os.getpid():
            return
        atexit.unregister(self.close)
        for databases in self._databases.values():
            self.background.run(databases.close())
        self.background.close()


@functools.cache
def _depot_of(_pid: int) -> Depot:
    return Depot()


def depot() -> Depot:
    """The depot of this process, made on first use; a fork gets one of its own."""
    return _depot_of(os.getpid())


def close_depot() -> None:
    """Drop everything that tests of this process made, if there is anything."""
    if _depot_of.cache_info().currsize:
        depot().close()
        _depot_of.cache_clear()
