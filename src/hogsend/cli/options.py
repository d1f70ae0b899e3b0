"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

App = Annotated[
    str | None,
    typer.Option(
        "--app",
        metavar="MODULE:NAME",
        envvar="HOGSEND_APP",
        show_default=False,
        help="Where the client is: module:attribute, or a file such as path/app.py. "
        "Without it: what [tool.hogsend] in pyproject.toml here says, else `client` in app.py.",
    ),
]

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

Limit = Annotated[int, typer.Option(min=1, metavar="N", help="Show at most so many.")]

Offset = Annotated[int, typer.Option(min=0, metavar="N", help="Leave out so many before them.")]

Port = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=65535,
        metavar="PORT",
        help="Where the API listens; by default PORT in the environment, or 3002. "
        "0 is any that is free.",
        show_default=False,
    ),
]

RejectsPath = Annotated[
    Path | None,
    typer.Option(metavar="PATH", help="Where refused lines go; by default FILE.rejects.ndjson."),
]
