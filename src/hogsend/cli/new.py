"""``hogsend new``: the directory of a new app."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def new(
    path: Annotated[Path, typer.Argument(metavar="APP", help="Its name, or a path to it.")],
    *,
    bare: Annotated[
        bool, typer.Option("--bare", help="Only what an app needs, with one bucket.")
    ] = False,
) -> None:
    """Write a new app, with buckets, journeys, mail and tests. Overwrites nothing."""
    from hogsend.scaffold.create import create_app_directory  # noqa: PLC0415 - keeps --help quick

    written = create_app_directory(path, bare=bare)
    typer.echo(f"{path} has {len(written)} files. What to do next:\n", err=True)
    for command, what in (
        (f"cd {path}", ""),
        ("make dev", "database, API and worker in one process"),
        ("make test", "weeks pass in seconds"),
    ):
        typer.echo(f"  {command:<16}{what}".rstrip(), err=True)
