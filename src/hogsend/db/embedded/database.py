"""Which database this process uses: the one it is given, else an embedded one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hogsend.db.embedded.server import EmbeddedPostgres

if TYPE_CHECKING:
    from hogsend.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHandle:
    """A database that can be connected to.

    Attributes:
        dsn: Its ``postgresql://`` URL; may hold a password.
        embedded: The server of ours that it is on, or None.
    """

    dsn: str
    embedded: EmbeddedPostgres | None = None


@asynccontextmanager
async def ensure_database(settings: Settings) -> AsyncIterator[DatabaseHandle]:
    """The database that ``settings`` name, for the length of the ``async with`` block.

    With ``DATABASE_URL`` that server is used and nothing is started; else an embedded one
    is started, or joined if it runs, and stops with the last process that uses it.

    Raises:
        DatabaseError: The embedded server cannot be started; the message says why.
        ConfigurationError: ``HOGSEND_PG_BIN`` does not hold PostgreSQL's programs.
    """
    if settings.database_url is not None:
        yield DatabaseHandle(dsn=settings.database_url.get_secret_value())
        return
    server = EmbeddedPostgres(settings.hogsend_home, binaries=settings.hogsend_pg_bin)
    async with server:
        yield DatabaseHandle(dsn=server.dsn, embedded=server)
