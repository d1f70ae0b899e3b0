"""How much the data plane takes in at once: what is too much is refused before it costs anything.

Three bounds keep memory and the loop's delays small under any flood: writes that wait for a
transaction, bytes of requests that are not answered yet, and bytes of bodies that nobody has
parsed yet. One request alone may be of any size. Large bodies are parsed one at a time, with other
work in between, so that a refusal waits for one of them at most.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from starlette.requests import Request

from hogsend.api.body import MAX_BATCH_BYTES
from hogsend.api.errors import MalformedError
from hogsend.errors import OverloadedError

MAX_BYTES: Final = 64 * 1024 * 1024
"""Bytes of requests that are not answered yet."""

MAX_UNPARSED_BYTES: Final = 2 * 1024 * 1024
"""Bytes of bodies that have come and are not parsed yet."""

_LARGE_BYTES: Final = 16 * 1024
_RETRY_AFTER_S: Final = 1.0
_READ_S: Final = 30
_TELL_EVERY_S: Final = 5.0

_log = structlog.get_logger(__name__)


class Intake:
    """Lets requests in, as many as can be handled soon.

    Args:
        is_full: Whether no more writes are taken.
    """

    def __init__(self, is_full: Callable[[], bool]) -> None:
        self._is_full = is_full
        self._taken = 0
        self._unparsed = 0
        self._refused = 0
        self._told_at = -_TELL_EVERY_S
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def admit(self, request: Request) -> AsyncIterator[None]:
        """Let a request in for the length of the block; in it, parse at once.

        Raises:
            OverloadedError: There is too much to do; nothing of the request was stored.
            MalformedError: The body does not come.
        """
        announced = request.headers.get("Content-Length", "")
        size = int(announced) if announced.isdecimal() else _LARGE_BYTES
        if self._is_full() or (self._taken > 0 and self._taken + size > MAX_BYTES):
            raise self._refuse()
        self._taken += size
        try:
            if _LARGE_BYTES < size <= MAX_BATCH_BYTES:
                await self._read(request)
                await self._wait_for_turn(size)
            yield
        finally:
            self._taken -= size

    async def _read(self, request: Request) -> None:
        """Have the body, which the request keeps for its route."""
        try:
            async with asyncio.timeout(_READ_S):
                await request.body()
        except TimeoutError as error:
            raise MalformedError(f"The body did not come within {_READ_S} seconds.") from error

    async def _wait_for_turn(self, size: int) -> None:
        """Between two large bodies whatever else is due has its turn."""
        if self._unparsed > 0 and self._unparsed + size > MAX_UNPARSED_BYTES:
            raise self._refuse()
        self._unparsed += size
        try:
            async with self._turn:
                await asyncio.sleep(0)
        finally:
            self._unparsed -= size
        if self._is_full():
            raise self._refuse()

    def _refuse(self) -> OverloadedError:
        """Count a refusal, and say from time to time how many there were."""
        self._refused += 1
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            _log.warning("ingest.overloaded", refused=self._refused, bytes=self._taken)
            self._refused, self._told_at = 0, now
        return OverloadedError(_RETRY_AFTER_S)
