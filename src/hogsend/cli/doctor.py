"""``hogsend doctor``: what is wrong, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from hogsend.cli.options import Json
from hogsend.cli.printing import make_console, print_json
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hogsend.ops.doctor import Finding

_STYLES = {"ok": "green", "advice": "yellow", "fault": "bold red"}


def doctor(as_json: Json = False) -> None:
    """Look for what is wrong with the database and the processes on it. Changes nothing.

    The exit code is 1 if there is a fault.
    """
    findings = run_async(_examine())
    if as_json:
        print_json({"findings": [finding.to_json() for finding in findings]})
    else:
        _print(findings)
    if any(finding.level == "fault" for finding in findings):
        raise typer.Exit(1)


async def _examine() -> list[Finding]:
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick
    from hogsend.db.embedded import ensure_database  # noqa: PLC0415
    from hogsend.db.pool import connect  # noqa: PLC0415
    from hogsend.ops.doctor import examine  # noqa: PLC0415
    from hogsend.settings import Settings  # noqa: PLC0415

    settings = Settings()
    async with ensure_database(settings) as database:
        connection = await connect(database.dsn, statement_cache_size=settings.statement_cache_size)
        try:
            return await examine(connection, SystemClock())
        finally:
            await connection.close()


def _print(findings: Sequence[Finding]) -> None:
    from rich.text import Text  # noqa: PLC0415 - keeps --help quick

    console = make_console()
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        line = Text(f"{finding.level:<7}", style=_STYLES[finding.level])
        line.append(f"{finding.check:<{width}}  {finding.message}", style="default")
        console.print(line)
        if finding.advice:
            console.print(Text(f"{'':7}{'':{width}}  -> {finding.advice}", style="dim"))
