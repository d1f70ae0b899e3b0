"""The HTTP server of ``hogsend dev``."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from hogsend.app.client import Client
from hogsend.asgi import create_app

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_GRACE_S = 5


async def run_server(client: Client, listener: socket.socket, on_ready: Callable[[], None]) -> None:
    """Answer requests on ``listener`` until SIGINT or SIGTERM, then finish those under way."""
    config = uvicorn.Config(
        create_app(client),
        lifespan="on",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    await _Server(config, on_ready).serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells when it is ready, and keeps the signals that end it to itself.

    uvicorn raises them once more after it has ended, which would end us before the worker and
    the database are stopped.
    """

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let the signals end the server, and nothing else."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
