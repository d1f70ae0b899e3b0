"""Live traffic beside a benchmark: single events at a fixed rate, and how long each took."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hogsend.app.engine import Engine
from hogsend.events.parse import parse_event

RATE = 200
"""Events a second."""


@dataclass(slots=True, kw_only=True)
class LiveTraffic:
    """Sends events through an engine's batcher.

    Args:
        name: Of the events.
        users: Who does them, one after the other.
    """

    engine: Engine
    name: str
    users: Iterator[str]

    async def run_for(self, seconds: float) -> list[float]:
        """Send for so long; returns how many seconds each event took to be committed."""
        end = time.perf_counter() + seconds
        return await self.run_while(lambda: time.perf_counter() < end)

    async def run_while(self, goes_on: Callable[[], bool]) -> list[float]:
        """Send as long as it goes on."""
        found: list[float] = []
        calls: set[asyncio.Task[None]] = set()
        next_at = time.perf_counter()
        while goes_on():
            call = asyncio.create_task(self._send(next_at, found))
            calls.add(call)
            call.add_done_callback(calls.discard)
            next_at += 1 / RATE
            await asyncio.sleep(max(0.0, next_at - time.perf_counter()))
        await asyncio.gather(*calls)
        return found

    async def _send(self, meant_at: float, found: list[float]) -> None:
        item = {"name": self.name, "userId": next(self.users)}
        await self.engine.batcher.submit([parse_event(item, self.engine.clock.now())])
        found.append(time.perf_counter() - meant_at)
