"""``hogsend events import``: a progress bar around the importer, and its summary."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.options import App, Json, RejectsPath
from hogsend.cli.printing import make_console, print_json
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from hogsend.app.client import Client
    from hogsend.events.importing.columns import ColumnOptions
    from hogsend.events.importing.files import EventFile
    from hogsend.events.importing.importer import Tally
    from hogsend.events.importing.rejects import Rejects


def import_file(
    client: Client, path: Path, options: ColumnOptions, *, rejects: Path, as_json: bool
) -> int:
    """Import ``path`` and say what became of it; returns the exit code."""
    from hogsend.events.importing.files import open_event_file  # noqa: PLC0415

    return _import(client, open_event_file(path, options), rejects=rejects, as_json=as_json)


def import_export(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="Whose export it is: posthog or segment.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="NDJSON, an event per line.")],
    *,
    rejects: RejectsPath = None,
    app: App = None,
    as_json: Json = False,
) -> None:
    """Import the past from PostHog or Segment; importing again goes on and stores nothing twice.

    PostHog: a batch export as JSON lines. Segment: the calls of an archive. What a line means is
    as for their webhooks. Lines that cannot be stored are refused one by one, with number and
    reason, and the exit code is 1.
    """
    from hogsend.integrations.sources.exports import ExportFile  # noqa: PLC0415

    refused_to = rejects or file.with_name(f"{file.name}.rejects.ndjson")
    export = ExportFile(file, source)
    raise typer.Exit(_import(load_client(app), export, rejects=refused_to, as_json=as_json))


def _import(client: Client, file: EventFile, *, rejects: Path, as_json: bool) -> int:
    from hogsend.events.importing.rejects import Rejects  # noqa: PLC0415

    console = make_console(stderr=True)
    with Rejects(rejects) as refused, _progress(console) as show:
        tally, seconds = run_async(_run(client, file, refused, show))
    if as_json:
        print_json(_tally_json(tally, refused))
    else:
        _print_summary(tally, refused, seconds)
    return 1 if tally.rejected else 0


async def _run(
    client: Client, file: EventFile, rejects: Rejects, show: Callable[[Tally], None]
) -> tuple[Tally, float]:
    from hogsend.events.importing.importer import Importer  # noqa: PLC0415

    async with client:
        importer = Importer(
            batcher=client.engine.batcher, clock=client.clock, rejects=rejects, on_progress=show
        )
        started = time.perf_counter()
        return await importer.run(file), time.perf_counter() - started


@contextmanager
def _progress(console: Console) -> Iterator[Callable[[Tally], None]]:
    """A bar on a terminal; nothing elsewhere."""
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("Importing"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("import", total=None, rate=0.0)
        started = time.perf_counter()

        def show(tally: Tally) -> None:
            rate = tally.done / max(time.perf_counter() - started, 1e-9)
            progress.update(task, total=tally.total, completed=tally.done, rate=rate)

        yield show


def _tally_json(tally: Tally, rejects: Rejects) -> dict[str, Any]:
    return {
        "lines": tally.total,
        "stored": tally.stored,
        "known": tally.known,
        "rejected": tally.rejected,
        "ignored": tally.ignored,
        "rejectsFile": str(rejects.path) if tally.rejected else None,
    }


def _print_summary(tally: Tally, rejects: Rejects, seconds: float) -> None:
    console = make_console()
    console.print(
        f"Stored {tally.stored:,} of {tally.total:,} events in {seconds:.1f} s "
        f"({tally.done / seconds:,.0f}/s).",
        markup=False,
    )
    if tally.known:
        console.print(f"{tally.known:,} were stored before; nothing is stored twice.")
    if tally.ignored:
        console.print(f"{tally.ignored:,} stand for nothing here, such as pages or aliases.")
    if tally.rejected:
        _print_rejects(rejects)


def _print_rejects(rejects: Rejects) -> None:
    console = make_console(stderr=True)
    lines = "line was" if rejects.count == 1 else "lines were"
    message = f"{rejects.count:,} {lines} refused; see {rejects.path}:"
    console.print(message, style="red", markup=False, soft_wrap=True)
    for number, reason in rejects.first:
        console.print(f"  line {number}: {reason}", markup=False, soft_wrap=True)
    if rejects.count > len(rejects.first):
        console.print(f"  and {rejects.count - len(rejects.first):,} more")
