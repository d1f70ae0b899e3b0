"""An event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Background:
    """Runs coroutines for callers whose loop ends too early, is busy, or is not there.

    A test's loop ends with the test, a server and the databases on it stay; and a property or a
    plain fixture cannot await.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="hogsend testing", daemon=True
        )
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Block until ``work`` is done."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Await ``work`` from another loop."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def close(self) -> None:
        """End the thread; nothing may be under way."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
