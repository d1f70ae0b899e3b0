"""A process that uses the embedded server; run by the fault tests, which may kill it.

It says ``ready DSN``, then answers each number on its input by the same number once a row
with it is committed, however often it has to connect again, and leaves at the end of input.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import asyncpg
import structlog

from hogsend.db.embedded import EmbeddedPostgres
from hogsend.db.pool import connect

_LOST = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # when the server's last words meet a statement halfway
)
_INSERT = "INSERT INTO kept VALUES ($1) ON CONFLICT DO NOTHING"


async def main() -> None:
    binaries = os.environ.get("HOGSEND_PG_BIN")
    home = Path(os.environ["HOGSEND_HOME"])
    async with EmbeddedPostgres(home, binaries=Path(binaries) if binaries else None) as server:
        print("ready", server.dsn, flush=True)
        rows = Rows(server.dsn)
        while line := await asyncio.to_thread(sys.stdin.readline):
            await rows.insert(int(line))
            print(line.strip(), flush=True)
        await rows.close()


class Rows:
    """The table, written to until it is written."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._connection: asyncpg.Connection | None = None

    async def insert(self, number: int) -> None:
        """Return once the number is committed."""
        async with asyncio.timeout(60):
            while not await self._try_to_insert(number):  # noqa: ASYNC110 - another's doing
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            await self._connection.close()

    def _give_up(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None

    async def _try_to_insert(self, number: int) -> bool:
        try:
            if self._connection is None:
                self._connection = await connect(self._dsn)
                await _make_table(self._connection)
            await self._connection.execute(_INSERT, number)
        except _LOST:
            self._give_up()
            return False
        return True


async def _make_table(connection: asyncpg.Connection) -> None:
    with contextlib.suppress(asyncpg.UniqueViolationError, asyncpg.DuplicateTableError):
        await connection.execute("CREATE TABLE IF NOT EXISTS kept (number bigint PRIMARY KEY)")


structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
asyncio.run(main())
