"""The commands put together, and what becomes of their errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from hogsend.cli.api import api
from hogsend.cli.audit import audit
from hogsend.cli.bench import bench
from hogsend.cli.buckets import buckets
from hogsend.cli.contacts import contacts
from hogsend.cli.demo import demo
from hogsend.cli.dev import dev
from hogsend.cli.doctor import doctor
from hogsend.cli.events import events
from hogsend.cli.explain import explain
from hogsend.cli.failure import FAILED, report
from hogsend.cli.imports import import_export
from hogsend.cli.journeys import journeys
from hogsend.cli.keys import keys
from hogsend.cli.mail import mail
from hogsend.cli.migrate import migrate
from hogsend.cli.new import new
from hogsend.cli.outbox import outbox
from hogsend.cli.plan import plan
from hogsend.cli.webhooks import webhooks
from hogsend.cli.worker import worker


@dataclass(slots=True)
class Invocation:
    """What the options before the command say."""

    debug: bool = False


hogsend = typer.Typer(
    name="hogsend",
    help="Real-time groups of users, on nothing but PostgreSQL.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
hogsend.command()(new)
hogsend.command()(dev)
hogsend.command()(demo)
hogsend.command()(api)
hogsend.command()(worker)
hogsend.add_typer(events)
hogsend.command("import")(import_export)
hogsend.add_typer(buckets)
hogsend.add_typer(journeys)
hogsend.add_typer(mail)
hogsend.add_typer(outbox)
hogsend.add_typer(webhooks)
hogsend.command()(explain)
hogsend.add_typer(contacts)
hogsend.add_typer(keys)
hogsend.command()(audit)
hogsend.command()(plan)
hogsend.command()(migrate)
hogsend.command()(doctor)
hogsend.command()(bench)


def _show_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version  # noqa: PLC0415 - keeps --help quick

        typer.echo(f"hogsend {version('hogsend')}")
        raise typer.Exit


@hogsend.callback()
def _options(
    context: typer.Context,
    *,
    debug: Annotated[bool, typer.Option("--debug", help="Show the trace of an error.")] = False,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Show the version.",
        ),
    ] = False,
) -> None:
    context.obj.debug = debug


def _read_dotenv(path: Path) -> None:
    """Take settings from ``.env`` of the working directory; what the environment has stays."""
    if path.is_file():
        from dotenv import load_dotenv  # noqa: PLC0415 - keeps --help quick

        load_dotenv(path)


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit code."""
    invocation = Invocation()
    try:
        _read_dotenv(Path(".env"))
        hogsend(args=list(arguments), obj=invocation)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a message
        return report(error, debug=invocation.debug)
    return 0
