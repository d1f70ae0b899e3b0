"""SIGINT and SIGTERM: the first one asks to end, the second one ends at once."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import structlog

_log = structlog.get_logger(__name__)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
_LAST_WORDS_S: Final = 2.0


@contextmanager
def stop_signals(stop: Callable[[], None], *, within: float) -> Iterator[Callable[[], None]]:
    """Let the first signal call ``stop``; yields what does the same as a signal.

    A second signal has its usual effect: the process ends at once. So does the deadline, should
    something hang.

    Args:
        stop: Begins to finish what is under way; returns at once.
        within: Seconds that this may take.
    """
    loop = asyncio.get_running_loop()

    def begin() -> None:
        _let_go(loop)
        loop.call_later(within + _LAST_WORDS_S, _end_hard)
        stop()

    for number in _SIGNALS:
        loop.add_signal_handler(number, begin)
    try:
        yield begin
    finally:
        _let_go(loop)


def _let_go(loop: asyncio.AbstractEventLoop) -> None:
    for number in _SIGNALS:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_DFL)


def _end_hard() -> None:
    _log.error("process.deadline_passed")
    os._exit(1)
