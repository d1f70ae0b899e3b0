"""``hogsend bench``: how fast the engine is, against a baseline in the same run."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from hogsend.cli.bench.report import Case
    from hogsend.settings import Settings

Workload: TypeAlias = "Callable[[Settings, bool, Callable[[str], None]], AsyncIterator[Case]]"


def bench(
    workload: Annotated[str, typer.Argument(help="What to measure: ingest.")] = "ingest",
    quick: Annotated[bool, typer.Option("--quick", help="A tenth of the data; under 40 s.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Measure the engine against a baseline in the same run, in a scratch schema."""
    asyncio.run(_run(_workload(workload), quick=quick, json=json))


def _workload(name: str) -> Workload:
    from hogsend.cli.bench.ingest import bench_ingest  # noqa: PLC0415 - keeps --help quick

    workloads: dict[str, Workload] = {"ingest": bench_ingest}
    if name not in workloads:
        raise typer.BadParameter(f"unknown workload {name!r}; there is: {', '.join(workloads)}")
    return workloads[name]


async def _run(workload: Workload, *, quick: bool, json: bool) -> None:
    from hogsend.cli.bench.report import Reporter  # noqa: PLC0415 - keeps --help quick
    from hogsend.settings import Settings  # noqa: PLC0415

    reporter = Reporter(json=json)
    async for case in workload(Settings(), quick, reporter.note):
        reporter.add(case)
    reporter.finish()
