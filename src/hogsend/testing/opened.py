"""Simulations that a fixture opened and has to close."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from hogsend.buckets.definition import Bucket
from hogsend.email.templates import TemplateHome
from hogsend.journeys.definition import Journey
from hogsend.testing.simulation import Simulation, simulate


class Simulations:
    """Starts simulations; each lives in a task of its own, on the loop that asked for it.

    A plain fixture cannot await at its end, and the test's loop may be gone by then. But whoever
    ends a loop cancels its tasks and waits for them (``asyncio.Runner`` does), which lets the
    simulations close; on a loop that goes on to the next test, ``close`` does the same.
    """

    def __init__(self) -> None:
        self._running: list[tuple[asyncio.AbstractEventLoop, asyncio.Task[None]]] = []

    async def __call__(
        self,
        *,
        app: str | None = None,
        buckets: Sequence[Bucket] = (),
        journeys: Sequence[Journey] = (),
        templates: TemplateHome | None = None,
        start: str | datetime = "2026-01-01T00:00:00Z",
        database: str | None = None,
    ) -> Simulation:
        """Start a simulation; arguments as for ``simulate``."""
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[Simulation] = loop.create_future()

        async def live() -> None:
            try:
                async with simulate(
                    app=app,
                    buckets=buckets,
                    journeys=journeys,
                    templates=templates,
                    start=start,
                    database=database,
                ) as simulation:
                    opened.set_result(simulation)
                    await asyncio.Event().wait()  # until it is cancelled
            except Exception as error:
                if opened.done():
                    raise
                opened.set_exception(error)

        self._running.append((loop, loop.create_task(live())))
        return await opened

    def close(self) -> None:
        """End those whose loop goes on."""
        for loop, task in self._running:
            if not loop.is_closed():
                task.cancel()
                loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
