"""From a command into the event loop, once."""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from hogsend.errors import DatabaseError, UnreachableError

if TYPE_CHECKING:
    from hogsend.app.client import Client

T = TypeVar("T")
_PATIENCE_S: Final = 60.0
_PAUSE_S: Final = 1.0
_MAIL_ADVICE: Final = (
    "MAIL_PROVIDER is not set: mail is put on record and sent to nobody. Set it to smtp or resend; "
    "console says that this is meant."
)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a fast event loop, its log going to stderr.

    Raises:
        DatabaseError: The database refuses or is not there.
    """
    import asyncpg  # noqa: PLC0415 - keeps --help quick
    import uvloop  # noqa: PLC0415

    from hogsend.db.pool import UNREACHABLE  # noqa: PLC0415
    from hogsend.settings import Settings  # noqa: PLC0415
    from hogsend.telemetry.logs import configure_logging  # noqa: PLC0415

    configure_logging(Settings().log_level, sys.stderr)  # stdout is for results
    _spare_the_collector()
    try:
        return uvloop.run(main)
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        hint = "Is the server running that DATABASE_URL names, and is the URL right?"
        given = "DATABASE_URL" in os.environ
        raise DatabaseError(f"The database: {error}. {hint if given else ''}".strip()) from error


@asynccontextmanager
async def started(client: Client) -> AsyncIterator[None]:
    """The client started, for the length of the block; waits for a database that is not there yet.

    Processes and databases that start together come up in any order. What is no error, and yet
    hardly meant in production, is logged.
    """
    import asyncio  # noqa: PLC0415 - keeps --help quick

    import structlog  # noqa: PLC0415

    log = structlog.get_logger(__name__)
    ends = time.monotonic() + _PATIENCE_S
    while True:
        try:
            await client.start()
            break
        except UnreachableError as error:
            if time.monotonic() >= ends:
                raise
            log.warning("database.awaited", error=str(error))
            await asyncio.sleep(_PAUSE_S)
    if client.only_keeps_mail:
        log.warning("mail.only_kept", advice=_MAIL_ADVICE)
    try:
        yield
    finally:
        await client.stop()


def _spare_the_collector() -> None:
    """Collect cycles less often: a batch makes many objects and hardly any cycle.

    With the defaults a third of the time of a large ingest transaction went into collections that
    found nothing.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
