"""``hogsend api``: the HTTP API alone, in one process or several."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Annotated

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.dev import HOST, reserve
from hogsend.cli.options import App, Port
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.app.client import Client


def api(
    *,
    app: App = None,
    host: Annotated[
        str, typer.Option(help="Which interface to listen on; 0.0.0.0 is all of them.")
    ] = HOST,
    port: Port = None,
    workers: Annotated[
        int, typer.Option(min=1, metavar="N", help="Processes that share the port.")
    ] = 1,
    listener_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    guard_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Run the HTTP API. Any number of APIs and workers may share a database."""
    from hogsend.cli.server import serve_api  # noqa: PLC0415 - keeps --help quick

    client = load_client(app)
    if listener_fd is not None and guard_fd is not None:
        _run_supervised(client, listener_fd, guard_fd)
        return
    with reserve(client.settings.port if port is None else port, host) as listener:
        if workers == 1:
            run_async(serve_api(client, listener))
        else:
            raise typer.Exit(_run_several(client, app, listener, workers))


def _run_several(client: Client, app: str | None, listener: socket.socket, workers: int) -> int:
    from hogsend.cli.supervisor import Supervisor  # noqa: PLC0415 - keeps --help quick

    command = ["api", *(["--app", app] if app else []), "--listener-fd", str(listener.fileno())]
    supervisor = Supervisor(
        command, inherit=listener.fileno(), count=workers, within=client.settings.shutdown_timeout
    )
    return run_async(supervisor.run())


def _run_supervised(client: Client, listener_fd: int, guard_fd: int) -> None:
    """Be one of several; the guard is the line to the process that started us."""
    from hogsend.cli.server import serve_api  # noqa: PLC0415 - keeps --help quick
    from hogsend.cli.supervisor import Guard  # noqa: PLC0415

    with socket.socket(fileno=listener_fd) as listener, Guard(guard_fd) as guard:
        run_async(serve_api(client, listener, guard.tell_ready))
