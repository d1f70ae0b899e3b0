"""How fast one process sends.

Whoever sends waits here first, before the mail is claimed: a wave of journeys must not open a
thousand connections to a mail server, nor use up its retries on a provider's rate limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Final

CONCURRENCY: Final = 20


class Pace:
    """Lets so many send at a time, and so many a second.

    Args:
        per_second: None is as many as there are.
    """

    def __init__(self, per_second: float | None = None, *, concurrency: int = CONCURRENCY) -> None:
        self._places = asyncio.Semaphore(concurrency)
        self._gap_s = 0.0 if per_second is None else 1 / per_second
        self._next = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; it lasts as long as the block."""
        async with self._places:
            begin = max(self._next, monotonic())
            self._next = begin + self._gap_s
            if (wait := begin - monotonic()) > 0:
                await asyncio.sleep(wait)
            yield

    def give_back(self) -> None:
        """Say that a turn was not used: nothing had to be sent."""
        self._next -= self._gap_s

    def hold(self, seconds: float) -> None:
        """Let nobody begin for so long: the provider asks for it."""
        self._next = max(self._next, monotonic() + seconds)
