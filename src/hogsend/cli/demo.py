"""``hogsend demo``: real customers join and leave buckets, a year and a half in seconds."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hogsend.cli.apps import has_default, load_client
from hogsend.cli.dev import curl_example, reserve, serve
from hogsend.cli.development import open_for_development
from hogsend.cli.options import Port
from hogsend.cli.printing import (
    make_console,
    print_command,
    program,
    waiting,
    without_password,
)
from hogsend.cli.running import run_async
from hogsend.errors import ConfigurationError

if TYPE_CHECKING:
    import socket
    from datetime import datetime

    from hogsend.app.client import Client
    from hogsend.clock import Clock
    from hogsend.events.importing.files import EventFile
    from hogsend.ops.replay import Script

_EXAMPLE: Final = Path("examples", "cdnow")
_DATABASE: Final = "hogsend_demo"
_TAIL_DAYS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What to replay, and through what."""

    file: EventFile
    app: Client
    app_name: str
    script: Script
    picture: Path | None = None
    tail: timedelta = timedelta(days=_TAIL_DAYS)

    @property
    def until(self) -> datetime:
        """When the replay ends."""
        return self.script.ends_at + self.tail


def demo(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="CSV", show_default=False, help="Your own purchases, or other events."
        ),
    ] = None,
    *,
    app: Annotated[
        str | None,
        typer.Option(metavar="MODULE:NAME", help="The app with the buckets.", show_default=False),
    ] = None,
    event: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The name of all events, without an event column."),
    ] = None,
    leave: Annotated[
        bool,
        typer.Option("--exit", help="Stop afterwards, instead of running the API."),
    ] = False,
    port: Port = None,
    picture: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Also save the result as an SVG picture.", hidden=True),
    ] = None,
    tail: Annotated[
        int, typer.Option(metavar="DAYS", help="How long time goes on afterwards.", hidden=True)
    ] = _TAIL_DAYS,
) -> None:
    """Replay past events, and watch people join and leave buckets.

    Time is virtual: months pass in seconds. Without CSV these are the purchases of 2,357
    customers of CDNOW (examples/cdnow). A CSV of your own has the columns user_id, timestamp and
    event (or name the event with --event); all the others become properties. The demo has a
    database of its own, emptied each time.
    """
    plan = replace(_plan(file, app, event), picture=picture, tail=timedelta(days=tail))
    if leave:
        run_async(_demo(plan, None))
        return
    with reserve(port or plan.app.settings.port) as listener:
        run_async(_demo(plan, listener))
    typer.echo("Stopped.", err=True)


def _plan(path: Path | None, app: str | None, event: str | None) -> _Plan:
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick
    from hogsend.events.importing.columns import ColumnOptions  # noqa: PLC0415
    from hogsend.events.importing.files import open_event_file  # noqa: PLC0415
    from hogsend.ops.replay import read_script  # noqa: PLC0415

    if app is None and (path is None or not has_default()):
        app = str(_example() / "app.py")
    options = ColumnOptions(rest_as_properties=True, utc=True, event=event)
    file = open_event_file(path or _example() / "cdnow_sample.csv", options)
    script = read_script(file, SystemClock().now())
    return _Plan(file=file, app=load_client(app), app_name=app or "app.py", script=script)


def _example() -> Path:
    """The example of the checkout that we are in, or that this package is installed from."""
    for base in (Path(), Path(__file__).parents[3]):
        if (base / _EXAMPLE / "app.py").is_file():
            return base / _EXAMPLE
    raise ConfigurationError(
        f"The example ({_EXAMPLE}) comes with a checkout of the repository, not with the package. "
        "Name a CSV file and an app: hogsend demo events.csv --app app.py"
    )


async def _demo(plan: _Plan, listener: socket.socket | None) -> None:
    from hogsend.ops.fresh import fresh_database  # noqa: PLC0415 - keeps --help quick

    async with AsyncExitStack() as stack:
        with waiting("Preparing an empty database ..."):
            database = fresh_database(plan.app.settings, _DATABASE)
            dsn = await stack.enter_async_context(database)
        await _replay(plan, dsn)
        if listener is not None:
            await _go_on(plan, dsn, listener)


async def _replay(plan: _Plan, dsn: str) -> None:
    from hogsend.cli.demo_view import Scene, make_view  # noqa: PLC0415 - keeps --help quick
    from hogsend.cli.picture import recorder, save_picture  # noqa: PLC0415
    from hogsend.clock import VirtualClock  # noqa: PLC0415
    from hogsend.ops.replay import replay  # noqa: PLC0415

    script = plan.script
    clock = VirtualClock(script.starts_at)
    until = plan.until
    async with _on_database(plan.app, dsn, clock) as client:
        scene = Scene(
            pool=client.engine.pool,
            buckets=list(client.registry.buckets.values()),
            journeys=client.journeys.definitions,
            script=script,
            until=until,
            source=plan.file.path.name,
        )
        console = make_console()
        with make_view(scene, console) as view:
            await replay(
                script, engine=client.engine, clock=clock, until=until, on_progress=view.show
            )
        await view.summarize(console)
        if plan.picture is not None:
            recorded = recorder("make demo")
            await view.summarize(recorded)
            save_picture(plan.picture, recorded)


async def _go_on(plan: _Plan, dsn: str, listener: socket.socket) -> None:
    """Run API and worker on what the replay left, by today's clock."""
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick

    client = _on_database(plan.app, dsn, SystemClock())
    key = open_for_development(client)

    def invite(link: str) -> None:
        _invite(plan, dsn, curl_example(client, listener, key, _somebody(plan)), link)

    await serve(client, listener, invite)


def _on_database(app: Client, dsn: str, clock: Clock) -> Client:
    """The same app on another database and clock; its mail stays there, whatever it is."""
    from pydantic import SecretStr  # noqa: PLC0415 - keeps --help quick

    from hogsend.email.providers.console import Console  # noqa: PLC0415

    settings = app.settings.model_copy(update={"database_url": SecretStr(dsn)})
    return app.elsewhere(settings=settings, clock=clock, mail_provider=Console(quiet=True))


def _somebody(plan: _Plan) -> str:
    return plan.script.moments[0].writes[0].user_id or "ada"


def _invite(plan: _Plan, dsn: str, example: str, link: str) -> None:
    console = make_console()
    console.print(
        "\nAPI and worker now run on this result, by today's clock: what was due since "
        f"{plan.until:%Y-%m-%d} happens now.\nLook at it in Studio (this link signs you in once, "
        "within 10 minutes):\n"
    )
    print_command(console, link)
    console.print("\nSend an event; the answer says who joins and leaves:\n")
    print_command(console, example)
    console.print("\nLook at the members from another terminal:\n")
    command = f"{program()} buckets list --app {plan.app_name}"
    print_command(console, f"DATABASE_URL='{without_password(dsn)}' {command}")
    console.print("\nStop with Ctrl-C.")
