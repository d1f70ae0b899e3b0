"""``bench evaluate``: how long one look at a contact's facts takes, in memory.

The baseline is an empty function call, the least that any evaluation costs in Python.
"""

from __future__ import annotations

import timeit
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from statistics import median

from hogsend.cli.bench.report import Case
from hogsend.cli.bench.scratch import Note
from hogsend.criteria.ast import Criteria
from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.evaluate import Evaluator
from hogsend.durations import days
from hogsend.settings import Settings

_NUMBER = 1_000
_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_TIMES = [_NOW - timedelta(hours=hour) for hour in range(1, 12)]
_PROPERTIES = {"plan": "pro", "seats": 7, "ends": "2026-03-02T09:30:00.000Z"}


def _shapes(b: CriteriaBuilder) -> dict[str, Criteria]:
    return {
        "exists": b.event("seen").exists(),
        "not_exists_within": b.event("seen").within(days(7)).not_exists(),
        "count_within": b.event("seen").within(days(30)).at_least(10),
        "property": b.prop("plan").eq("pro"),
        "number": b.prop("seats").gte(5),
        "date": b.prop("ends").within_next(days(3)),
        "dormant": b.all(b.event("seen").exists(), b.event("seen").within(days(7)).not_exists()),
    }


async def bench_evaluate(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:  # noqa: ARG001
    """Yield one case per shape of leaf, and one for the dormancy composite."""
    repeat = 30 if quick else 200
    note(f"evaluating each shape {_NUMBER * repeat:,} times")
    baseline = _microseconds(lambda: None, repeat)
    for name, tree in _shapes(CriteriaBuilder()).items():
        yield Case(
            name=f"evaluate.{name}",
            value=_microseconds(_call(tree), repeat),
            unit="µs",
            baseline=baseline,
        )


def _call(tree: Criteria) -> Callable[[], object]:
    evaluator = Evaluator(tree)
    newest = [_TIMES] * len(evaluator.slots)
    return lambda: evaluator(_PROPERTIES, newest, _NOW)


def _microseconds(call: Callable[[], object], repeat: int) -> float:
    return median(timeit.repeat(call, number=_NUMBER, repeat=repeat)) / _NUMBER * 1e6
