"""The worker: what happens although nobody asked, because time passed."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

import asyncpg

from hogsend.app.client import Client
from hogsend.app.outbox import outbox_services
from hogsend.db.pool import UNREACHABLE
from hogsend.journeys.executor import Heartbeat, Suspects
from hogsend.runtime.presence import Presence
from hogsend.runtime.service import Service
from hogsend.runtime.tallies import Tallier

DRAIN_S: Final = 10.0
"""How long journeys may go on when a worker is told to stop, at most."""


class Worker:
    """Runs the background services of a client; any number may share a database."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services: list[Service] = []

    async def start(self) -> None:
        """Start the client, if nobody has, and the services."""
        await self._client.start()
        engine = self._client.engine
        self._presence = Presence(pool=engine.pool, clock=engine.clock)
        self._services = [
            Service("pump", engine.pump),
            Service("reconciler", engine.reconciler),
            Service("jobs", engine.jobs),
            Service("presence", self._presence),
            Service("tallier", Tallier(pool=engine.pool)),
            Service("executor", engine.executor),
            Service("suspects", Suspects(engine.executor)),
            *await outbox_services(self._client),
            Service("heartbeat", Heartbeat(engine.executor)),
        ]
        for service in self._services:
            service.start()

    async def stop(self) -> None:
        """Finish the passes under way, or cut them off at the deadline; then leave the client.

        Journeys get some seconds to come to a rest; those that do not are handed back.
        """
        within = self._client.settings.shutdown_timeout / 2
        *services, heartbeat = self._services
        await asyncio.gather(*(service.stop(within) for service in services))
        with suppress(*UNREACHABLE, asyncpg.PostgresError):  # the leases run out by themselves
            await self._client.engine.jobs.release()
            await self._client.engine.executor.drain(min(DRAIN_S, within))
        await heartbeat.stop(within)
        with suppress(*UNREACHABLE, asyncpg.PostgresError):  # it falls silent, then
            await self._presence.end()
        await self._client.stop()


def create_worker(client: Client) -> Worker:
    """A worker for ``client``, with ``start()`` and ``stop()``."""
    return Worker(client)
