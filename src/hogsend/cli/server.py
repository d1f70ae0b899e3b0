"""The HTTP server of ``hogsend api`` and ``hogsend dev``."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI

from hogsend.app.client import Client
from hogsend.asgi import create_app
from hogsend.cli.running import started
from hogsend.cli.signals import stop_signals

_log = structlog.get_logger(__name__)


async def serve_api(
    client: Client, listener: socket.socket, on_ready: Callable[[], None] | None = None
) -> None:
    """Run the API of a client, from waiting for its database to the last answer."""

    def ready() -> None:
        host, port = listener.getsockname()[:2]
        _log.info("api.ready", host=host, port=port)
        if on_ready is not None:
            on_ready()

    def stopping() -> None:
        _log.info("api.stopping")

    within = client.settings.shutdown_timeout
    async with started(client):
        await run_server(create_app(client), listener, ready, stopping, within=within)
    _log.info("api.stopped")


async def run_server(
    app: FastAPI,
    listener: socket.socket,
    on_ready: Callable[[], None],
    on_stop: Callable[[], None] | None = None,
    *,
    within: float,
) -> None:
    """Answer requests on ``listener`` until SIGINT or SIGTERM, then finish those under way.

    Args:
        app: What answers.
        listener: Bound already; other processes may share it.
        on_ready: Called once requests are answered.
        on_stop: Called at the signal.
        within: Seconds to finish in.
    """
    config = uvicorn.Config(
        app,
        lifespan="on",
        loop="none",
        http="httptools",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=max(1, round(within)),
    )
    await Server(config, on_ready, on_stop, within).serve(sockets=[listener])


class Server(uvicorn.Server):
    """Tells when it is ready, and keeps the signals that end it to itself.

    uvicorn raises them once more after it has ended, which would end us before the worker and
    the database are stopped.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None],
        on_stop: Callable[[], None] | None,
        within: float,
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._within = within

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let the signals end the server, and nothing else."""
        with stop_signals(self._stop, within=self._within):
            yield

    def _stop(self) -> None:
        if self._on_stop is not None:
            self._on_stop()
        self.should_exit = True
