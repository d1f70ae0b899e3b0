"""What a benchmark found, as a table or as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import quantiles

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One measured case.

    Attributes:
        name: ``<workload>.<case>``.
        value: The figure, in ``unit``.
        baseline: The same figure of the baseline in the same run.
        p50_ms: Median time of one operation, in milliseconds.
        p99_ms: 99th percentile of it.
        extra: Further figures by name.
    """

    name: str
    value: float
    unit: str
    baseline: float | None = None
    p50_ms: float | None = None
    p99_ms: float | None = None
    extra: Mapping[str, float] = field(default_factory=dict)

    @property
    def ratio(self) -> float | None:
        """``value`` as a part of ``baseline``."""
        return self.value / self.baseline if self.baseline else None

    def to_json(self) -> dict[str, object]:
        """The case as one JSON object; figures that do not apply are left out."""
        figures = {
            "name": self.name,
            "value": self.value,
            "unit": self.unit,
            "baseline": self.baseline,
            "ratio": self.ratio,
            "p50_ms": self.p50_ms,
            "p99_ms": self.p99_ms,
            **self.extra,
        }
        return {
            key: round(value, 3) if isinstance(value, float) else value
            for key, value in figures.items()
            if value is not None
        }


def percentiles_ms(seconds: Sequence[float]) -> tuple[float, float]:
    """Median and 99th percentile of durations in seconds, in milliseconds."""
    if len(seconds) < 2:  # noqa: PLR2004 - quantiles needs two
        only = seconds[0] * 1000 if seconds else 0.0
        return only, only
    cuts = quantiles(seconds, n=100, method="inclusive")
    return cuts[49] * 1000, cuts[98] * 1000


class Reporter:
    """Prints cases: JSON lines as they come, or one table at the end. Notes go to stderr."""

    def __init__(self, *, json: bool) -> None:
        self._json = json
        self._cases: list[Case] = []
        self._notes = Console(stderr=True)

    def note(self, text: str) -> None:
        """Say what is going on."""
        self._notes.print(f"[dim]{text}[/dim]", highlight=False)

    def add(self, case: Case) -> None:
        """Report one case."""
        self._cases.append(case)
        if self._json:
            print(json.dumps(case.to_json()), flush=True)  # noqa: T201 - the output asked for

    def finish(self) -> None:
        """Print the table, unless the cases went out as JSON."""
        if not self._json:
            Console().print(_table(self._cases))


def _table(cases: Sequence[Case]) -> Table:
    table = Table(box=None, header_style="bold")
    table.add_column("case", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("unit")
    for heading in ("ratio", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("also", style="dim")
    for case in cases:
        figures = (case.ratio, case.p50_ms, case.p99_ms)
        also = (
            dict(case.extra) if case.baseline is None else {"baseline": case.baseline, **case.extra}
        )
        told = ", ".join(f"{name} {_shown(value)}" for name, value in also.items())
        table.add_row(case.name, _shown(case.value), case.unit, *map(_shown, figures), told)
    return table


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case float() if value >= 1000:  # noqa: PLR2004 - beyond it decimals are noise
            return f"{value:,.0f}"
        case float():
            return f"{value:.2f}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)
