"""``hogsend bench``: how fast the engine is, against a baseline in the same run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.cli.bench.report import Case
    from hogsend.settings import Settings

Workload: TypeAlias = "Callable[[Settings, bool, Callable[[str], None]], AsyncIterator[Case]]"

_WORKLOADS = {
    "ingest": "hogsend.cli.bench.ingest.bench_ingest",
    "evaluate": "hogsend.cli.bench.evaluate.bench_evaluate",
    "http": "hogsend.cli.bench.http.bench_http",
    "latency": "hogsend.cli.bench.latency.bench_latency",
    "journeys": "hogsend.cli.bench.journeys.bench_journeys",
    "wave": "hogsend.cli.bench.wave.bench_wave",
    "simulate": "hogsend.testing.bench.bench_simulate",
    "backfill": "hogsend.cli.bench.backfill.bench_backfill",
    "studio": "hogsend.cli.bench.studio.bench_studio",
}


def bench(
    workload: Annotated[
        str, typer.Argument(help=f"What to measure: {', '.join(_WORKLOADS)}.")
    ] = "ingest",
    quick: Annotated[bool, typer.Option("--quick", help="Less data; under 40 s.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object per line.")] = False,
) -> None:
    """Measure the engine against a baseline in the same run, in a scratch schema."""
    run_async(_run(_workload(workload), quick=quick, json=json))


def _workload(name: str) -> Workload:
    if name not in _WORKLOADS:
        raise typer.BadParameter(f"unknown workload {name!r}; there is: {', '.join(_WORKLOADS)}")
    workload: Workload = resolve_name(_WORKLOADS[name])
    return workload


async def _run(workload: Workload, *, quick: bool, json: bool) -> None:
    from hogsend.cli.bench.report import Reporter  # noqa: PLC0415 - keeps --help quick
    from hogsend.settings import Settings  # noqa: PLC0415

    reporter = Reporter(json=json)
    async for case in workload(Settings(), quick, reporter.note):
        reporter.add(case)
    reporter.finish()
