"""``hogsend worker``: what happens because time passed, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hogsend.cli.apps import load_client
from hogsend.cli.options import App
from hogsend.cli.running import run_async, started

if TYPE_CHECKING:
    from hogsend.app.client import Client


def worker(app: App = None) -> None:
    """Run a worker: it moves what is due. Any number may share a database."""
    run_async(_work(load_client(app)))


async def _work(client: Client) -> None:
    import asyncio  # noqa: PLC0415 - keeps --help quick

    import structlog  # noqa: PLC0415

    from hogsend.app.worker import create_worker  # noqa: PLC0415
    from hogsend.cli.signals import stop_signals  # noqa: PLC0415

    log = structlog.get_logger(__name__)
    told = asyncio.Event()

    def stop() -> None:
        log.info("worker.stopping")
        told.set()

    async with started(client):
        with stop_signals(stop, within=client.settings.shutdown_timeout):
            running = create_worker(client)
            await running.start()
            log.info("worker.ready")
            await told.wait()
            await running.stop()
    log.info("worker.stopped")
