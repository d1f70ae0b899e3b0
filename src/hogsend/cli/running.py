"""From a command into the event loop, once."""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
from collections.abc import Coroutine
from typing import Any, TypeVar

from hogsend.errors import DatabaseError

T = TypeVar("T")


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a fast event loop, its log going to stderr.

    Raises:
        DatabaseError: The database refuses or is not there.
    """
    import asyncpg  # noqa: PLC0415 - keeps --help quick
    import uvloop  # noqa: PLC0415

    from hogsend.db.pool import UNREACHABLE  # noqa: PLC0415

    _log_to_stderr()
    _spare_the_collector()
    try:
        return uvloop.run(main)
    except (*UNREACHABLE, asyncpg.PostgresError) as error:
        hint = "Is the server running that DATABASE_URL names, and is the URL right?"
        given = "DATABASE_URL" in os.environ
        raise DatabaseError(f"The database: {error}. {hint if given else ''}".strip()) from error


def _spare_the_collector() -> None:
    """Collect cycles less often: a batch makes many objects and hardly any cycle.

    With the defaults a third of the time of a large ingest transaction went into collections that
    found nothing.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


class _WithoutTrace(logging.Formatter):
    """What libraries log, for people: the error, not where in the library it was raised."""

    def formatException(self, ei: Any) -> str:  # noqa: N802 - overrides
        """The last line of a trace."""
        return "".join(traceback.format_exception_only(ei[1])).strip()


def _log_to_stderr() -> None:
    """Keep stdout for results."""
    import structlog  # noqa: PLC0415 - keeps --help quick

    from hogsend.settings import Settings  # noqa: PLC0415

    handler = logging.StreamHandler()
    handler.setFormatter(_WithoutTrace("%(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(Settings().log_level),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # The default shows local variables, and with them whatever secret they hold.
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
    )
