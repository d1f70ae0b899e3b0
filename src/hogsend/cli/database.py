"""The database of the environment, for commands that take no app."""

from __future__ import annotations

import getpass
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hogsend.db.pool import Pool


@asynccontextmanager
async def open_database() -> AsyncIterator[Pool]:
    """A pool on the migrated database that DATABASE_URL names, else on the embedded one."""
    from hogsend.db.embedded import ensure_database  # noqa: PLC0415 - keeps --help quick
    from hogsend.db.migrate import migrate  # noqa: PLC0415
    from hogsend.db.pool import create_pool  # noqa: PLC0415
    from hogsend.settings import Settings  # noqa: PLC0415

    settings = Settings()
    async with ensure_database(settings) as database:
        await migrate(database.dsn)
        async with await create_pool(
            database.dsn, max_size=2, statement_cache_size=settings.statement_cache_size
        ) as pool:
            yield pool


def command_line_actor() -> str:
    """What the audit log calls whoever runs the command."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError):  # a container's user need not have a name
        return "cli"
