"""The benchmark's baselines: SQL written by hand puts the same rows as the jobs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hogsend.cli.bench import backfill
from hogsend.cli.bench.scratch import populate
from hogsend.errors import HogsendError

NOW = datetime(2026, 3, 1, tzinfo=UTC)


async def test_the_job_writes_what_one_would_write_by_hand(pool):
    """Members and timers of each shape, for some hundred people with histories."""
    await populate(pool, [], NOW, contacts=300, events=6_000, note=lambda _: None)
    for shape in backfill._SHAPES:
        case = await backfill._measure(pool, shape, NOW, rounds=1)
        assert case.name == f"backfill.{shape}"
        assert case.extra["rows"] > 20


async def test_other_rows_are_noticed(pool):
    """A comparison that cannot fail would show nothing."""
    await populate(pool, [], NOW, contacts=300, events=6_000, note=lambda _: None)
    await backfill._insert(pool, "dormant", NOW)
    await backfill._keep(pool)
    await pool.execute("UPDATE bucket_timers SET due_at = due_at + interval '1 microsecond'")
    with pytest.raises(HogsendError, match="The job and the SQL by hand differ about dormant"):
        await backfill._compare(pool, "dormant")
