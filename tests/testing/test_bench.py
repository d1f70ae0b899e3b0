"""``bench simulate`` on a short year."""

from __future__ import annotations

from hogsend.settings import Settings
from hogsend.testing import bench


async def test_the_cases_of_the_simulation_bench(monkeypatch):
    """A year in seconds, a creation in milliseconds; the users do enter and leave."""
    monkeypatch.setattr(bench, "_DAYS", 50)
    monkeypatch.setattr(bench, "_CREATED", 2)
    notes = []
    cases = [case async for case in bench.bench_simulate(Settings(), True, notes.append)]
    assert [(case.name, case.unit) for case in cases] == [
        ("simulate.year", "s"),
        ("simulate.create", "ms"),
    ]
    assert cases[0].extra["days"] == 10
    assert cases[0].extra["transitions"] > 100
