"""A background loop: one pass after another, a sleep in between, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Protocol

import structlog

from hogsend.db.pool import UNREACHABLE

_log = structlog.get_logger(__name__)
_BACKOFF_S = (0.1, 0.5, 1.0, 2.0, 5.0)


class Looper(Protocol):
    """The work of a service."""

    async def run_once(self) -> float:
        """One pass; returns the seconds until the next one (0: at once)."""
        ...


class Service:
    """Runs a ``Looper`` until stopped; a pass that fails is logged and tried again.

    Args:
        name: Names the loop in the log.
        looper: Does the work.
    """

    def __init__(self, name: str, looper: Looper) -> None:
        self._name = name
        self._looper = looper
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; the first pass runs at once."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self, within: float | None = None) -> None:
        """Finish the pass under way, then end.

        Args:
            within: Seconds after which the pass is cut off: its transaction is rolled back and
                its lease given back. None waits for as long as it takes.
        """
        self._stopping.set()
        if self._task is None:
            return
        _, unfinished = await asyncio.wait([self._task], timeout=within)
        for task in unfinished:
            _log.warning("service.cut_off", service=self._name)
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            try:
                delay = await self._looper.run_once()
                failures = 0
            except Exception as error:  # noqa: BLE001 - a loop outlives whatever a pass runs into
                delay = _BACKOFF_S[min(failures, len(_BACKOFF_S) - 1)]
                failures += 1
                self._tell(error, delay)
            await self._sleep(delay)

    def _tell(self, error: Exception, delay: float) -> None:
        """Log what a pass ran into; the trace only where it says more than the error."""
        if isinstance(error, UNREACHABLE):
            why = repr(error)
            _log.warning("service.no_database", service=self._name, error=why, retry_in_s=delay)
        else:
            _log.error("service.failed", service=self._name, retry_in_s=delay, exc_info=error)

    async def _sleep(self, delay: float) -> None:
        if delay <= 0:
            await asyncio.sleep(0)
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), delay)
