"""The worker: what happens although nobody asked, because time passed."""

from __future__ import annotations

from typing import Final

from hogsend.app.client import Client
from hogsend.journeys.executor import Heartbeat
from hogsend.runtime.service import Service

DRAIN_S: Final = 10.0
"""How long journeys may go on when a worker is told to stop."""


class Worker:
    """Runs the background services of a client; any number may share a database."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._services: list[Service] = []

    async def start(self) -> None:
        """Start the client, if nobody has, and the services."""
        await self._client.start()
        engine = self._client.engine
        self._services = [
            Service("pump", engine.pump),
            Service("reconciler", engine.reconciler),
            Service("executor", engine.executor),
            Service("heartbeat", Heartbeat(engine.executor)),
        ]
        for service in self._services:
            service.start()

    async def stop(self) -> None:
        """Finish the passes under way, then stop the services and leave the client.

        Journeys get some seconds to come to a rest; those that do not are handed back.
        """
        *services, heartbeat = self._services
        for service in services:
            await service.stop()
        await self._client.engine.executor.drain(DRAIN_S)
        await heartbeat.stop()
        await self._client.stop()


def create_worker(client: Client) -> Worker:
    """A worker for ``client``, with ``start()`` and ``stop()``."""
    return Worker(client)
