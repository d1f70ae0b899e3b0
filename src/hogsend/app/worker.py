"""The worker: what happens although nobody asked, because time passed."""

from __future__ import annotations

from hogsend.app.client import Client
from hogsend.runtime.service import Service


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
        ]
        for service in self._services:
            service.start()

    async def stop(self) -> None:
        """Finish the passes under way, then stop the services and leave the client."""
        for service in self._services:
            await service.stop()
        await self._client.stop()


def create_worker(client: Client) -> Worker:
    """A worker for ``client``, with ``start()`` and ``stop()``."""
    return Worker(client)
