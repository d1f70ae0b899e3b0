"""Results on stdout: tables for people, JSON for programs."""

from __future__ import annotations

import json
import os
import shutil
import sys
import urllib.parse
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Final

import typer

from hogsend.instants import describe_instant

if TYPE_CHECKING:
    from datetime import datetime

    from rich.console import Console

_UNBOUNDED: Final = 10_000


def make_console(*, stderr: bool = False) -> Console:
    """A console; into a pipe or file it does not wrap."""
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick

    console = Console(stderr=stderr, highlight=False)
    return (
        console
        if console.is_terminal
        else Console(stderr=stderr, highlight=False, width=_UNBOUNDED)
    )


def print_json(value: object) -> None:
    """``value`` as indented JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | int]]) -> None:
    """A plain table; numbers go to the right. Cells may contain anything."""
    from rich.table import Table  # noqa: PLC0415 - keeps --help quick
    from rich.text import Text  # noqa: PLC0415

    table = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        for column, cell in zip(table.columns, row, strict=True):
            column.justify = "left" if isinstance(cell, str) else "right"
        table.add_row(*(Text(c if isinstance(c, str) else f"{c:,}") for c in row))
    make_console().print(table)


def print_command(console: Console, command: str) -> None:
    """Show a command so that it can be copied in one piece."""
    console.print(f"  {command}", markup=False, soft_wrap=True, style="cyan")


def program() -> str:
    """How this program is called from here."""
    if shutil.which("hogsend"):
        return "hogsend"
    return os.path.relpath(sys.argv[0])


def without_password(dsn: str) -> str:
    """A database's URL for other eyes."""
    parts = urllib.parse.urlsplit(dsn)
    if parts.password is None:
        return dsn
    account, _, host = parts.netloc.rpartition("@")
    return parts._replace(netloc=f"{account.partition(':')[0]}:PASSWORD@{host}").geturl()


def waiting(what: str) -> AbstractContextManager[object]:
    """Say on a terminal what is being waited for."""
    console = make_console(stderr=True)
    return console.status(what) if console.is_terminal else nullcontext()


def show_instant(instant: datetime | None) -> str:
    """An instant for people, in UTC."""
    return "" if instant is None else describe_instant(instant)


def print_record(fields: Mapping[str, object]) -> None:
    """A record, one field a line; what is nested is JSON."""
    print_table(
        ("Field", "Value"),
        [
            (name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
            for name, value in fields.items()
        ],
    )


def print_total(what: str, total: int, shown: int, *, capped: bool = False) -> None:
    """Below a table, on stderr: how many there are, if that is more than is shown."""
    number = f"more than {total:,}" if capped else f"{total:,}"
    more = "" if shown == total else f" Shown: {shown:,}; more with --limit and --offset."
    typer.echo(f"{number} {what}.{more}", err=True)
