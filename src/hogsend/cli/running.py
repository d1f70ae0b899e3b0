"""From a command into the event loop, once."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` on a fast event loop, its log going to stderr."""
    import uvloop  # noqa: PLC0415 - keeps --help quick

    _log_to_stderr()
    return uvloop.run(main)


def _log_to_stderr() -> None:
    """Keep stdout for results."""
    import structlog  # noqa: PLC0415 - keeps --help quick

    structlog.configure(
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()),
        ],
    )
