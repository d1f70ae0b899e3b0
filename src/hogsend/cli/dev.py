"""``hogsend dev``: database, API and worker in one process."""

from __future__ import annotations

import errno
import json
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from hogsend.cli.apps import find_home, load_client
from hogsend.cli.development import open_for_development
from hogsend.cli.options import App, Port
from hogsend.cli.printing import make_console, print_command
from hogsend.cli.running import run_async
from hogsend.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hogsend.app.client import Client

HOST = "127.0.0.1"


def dev(
    *,
    app: App = None,
    port: Port = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Take over what is saved without asking.")
    ] = False,
    listener_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    guard_fd: Annotated[int | None, typer.Option(hidden=True)] = None,
    again: Annotated[bool, typer.Option("--again", hidden=True)] = False,
) -> None:
    """Run everything in one process: database, API and worker. Stop it with Ctrl-C.

    When a file of the app is saved, you see who would join and leave, and are asked whether to
    take it over.
    """
    if listener_fd is not None and guard_fd is not None:
        _run_guarded(load_client(app), listener_fd, guard_fd, again=again)
        return
    code = _run_and_reload(app, port, apply=apply)
    typer.echo("Stopped.", err=True)
    raise typer.Exit(code)


def _run_and_reload(app: str | None, port: int | None, *, apply: bool) -> int:
    import asyncio  # noqa: PLC0415 - keeps --help quick

    from hogsend.cli.reload import Reloader, Saved  # noqa: PLC0415
    from hogsend.cli.watch import Watch  # noqa: PLC0415
    from hogsend.settings import Settings  # noqa: PLC0415

    settings = Settings()
    named = ["--app", app] if app else []
    with reserve(settings.port if port is None else port) as listener:
        saved = Saved(
            command=["dev", *named, "--listener-fd", str(listener.fileno())],
            plan=["plan", "--json", *named],
            listener=listener.fileno(),
            within=settings.shutdown_timeout,
            apply=apply,
        )
        return asyncio.run(Reloader(saved, Watch(find_home(app))).run())


def _run_guarded(client: Client, listener_fd: int, guard_fd: int, *, again: bool) -> None:
    """Run the app for the process that watches its files."""
    from hogsend.cli.supervisor import Guard  # noqa: PLC0415 - keeps --help quick
    from hogsend.telemetry.logs import leave_out  # noqa: PLC0415

    key = open_for_development(client)

    async def run() -> None:
        leave_out("bucket.outdated")  # so it is, for the moment until its successor serves
        await serve(client, listener, ready)

    with socket.socket(fileno=listener_fd) as listener, Guard(guard_fd) as guard:

        def ready(link: str) -> None:
            if not again:
                _welcome(client, listener, key, link)
            guard.tell_ready()

        run_async(run())


def reserve(port: int, host: str = HOST) -> socket.socket:
    """A socket that is bound, not listening yet.

    Args:
        port: 0 is any that is free.
        host: The address of an interface; ``0.0.0.0`` or ``::`` is all of them.

    Raises:
        ConfigurationError: The port cannot be had.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        why = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        raise ConfigurationError(
            f"Port {port} {why}. Choose another with --port NUMBER (or PORT in the environment)."
        ) from error
    return listener


async def serve(client: Client, listener: socket.socket, on_ready: Callable[[str], None]) -> None:
    """Run API and worker until the process is told to stop (Ctrl-C, SIGTERM).

    Args:
        client: The app.
        listener: Where the API listens.
        on_ready: Called once requests are answered, with a link that opens Studio once.
    """
    from hogsend.app.worker import create_worker  # noqa: PLC0415 - keeps --help quick
    from hogsend.asgi import create_app  # noqa: PLC0415
    from hogsend.cli.server import run_server  # noqa: PLC0415

    worker = create_worker(client)
    await worker.start()
    within = client.settings.shutdown_timeout
    try:
        link = await _studio_link(client, listener)
        await run_server(create_app(client), listener, lambda: on_ready(link), within=within)
    finally:
        await worker.stop()


async def _studio_link(client: Client, listener: socket.socket) -> str:
    from hogsend.ops.callers import Callers  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.sessions import Sessions  # noqa: PLC0415
    from hogsend.studio.app import PATH  # noqa: PLC0415

    token = await Sessions(client, Callers(client)).make_link()
    return f"http://{HOST}:{listener.getsockname()[1]}{PATH}/sign-in/{token}"


def _welcome(client: Client, listener: socket.socket, key: str, link: str) -> None:
    console = make_console(stderr=True)
    count = len(client.registry.definitions)
    buckets = "1 bucket" if count == 1 else f"{count} buckets"
    console.print(f"[bold]Hogsend[/] runs with {buckets}. Stop it with Ctrl-C.\n")
    console.print(f"  API       http://{HOST}:{listener.getsockname()[1]}/v1/health")
    console.print(f"  API key   {key}", markup=False)
    console.print(f"  Studio    {link}", markup=False, soft_wrap=True)
    console.print("            (signs you in once, within 10 minutes)")
    console.print("  Worker    memberships follow the clock, at the instant")
    console.print(f"  Database  {describe_database(client)}\n", markup=False)
    console.print("Try it:\n")
    print_command(console, curl_example(client, listener, key))
    console.print()


def describe_database(client: Client) -> str:
    """Which database a client uses, without the secrets of its URL."""
    if client.settings.database_url is None:
        return f"an embedded PostgreSQL in {client.settings.hogsend_home}/"
    return "the one that DATABASE_URL names"


def curl_example(client: Client, listener: socket.socket, key: str, user_id: str = "ada") -> str:
    """A command that sends an event that one of the buckets asks for; ``key`` is for the shell."""
    names = [name for bucket in client.registry.buckets.values() for name in bucket.analysis.events]
    body = json.dumps({"name": names[0] if names else "signed_up", "userId": user_id})
    url = f"http://{HOST}:{listener.getsockname()[1]}/v1/events"
    return f"curl -s {url} -H \"Authorization: Bearer {key}\" -d '{body}'"
