"""What the importer does with the answers it gets, whatever the database says."""

from __future__ import annotations

import asyncio
import json

import asyncpg
import pytest

from hogsend.clock import SystemClock
from hogsend.errors import DatabaseError
from hogsend.events.importing.columns import ColumnOptions
from hogsend.events.importing.files import open_event_file
from hogsend.events.importing.importer import Importer
from hogsend.events.importing.rejects import Rejects
from hogsend.events.model import Outcome


class FakeBatcher:
    """Answers like the batcher; refuses a value, or goes away after some calls."""

    def __init__(self, bad_users=(), calls_until_gone=None):
        self.stored = []
        self.calls = 0
        self.under_way = self.most_under_way = 0
        self._bad_users = bad_users
        self._calls_until_gone = calls_until_gone

    async def submit(self, writes):
        """Every write is stored, or the whole call fails."""
        self.calls += 1
        if self._calls_until_gone is not None and self.calls > self._calls_until_gone:
            raise asyncpg.ConnectionDoesNotExistError("connection was closed")
        self.stored += [write.event.properties["n"] for write in writes]
        self.under_way += len(writes)
        self.most_under_way = max(self.most_under_way, self.under_way)
        await asyncio.sleep(0)
        self.under_way -= len(writes)
        if any(write.user_id in self._bad_users for write in writes):
            raise asyncpg.DataError("nobody can store this")
        return [Outcome(user_id=write.user_id, stored=True) for write in writes]


@pytest.fixture
def import_lines(tmp_path):
    """Imports users, a line each, through a batcher; the tally and the rejects."""

    async def import_lines(users, batcher):
        events = (
            {"userId": u, "name": "e", "eventProperties": {"n": n}} for n, u in enumerate(users)
        )
        path = tmp_path / "events.ndjson"
        path.write_text("\n".join(map(json.dumps, events)))
        with Rejects(tmp_path / "rejects") as rejects:
            importer = Importer(batcher=batcher, clock=SystemClock(), rejects=rejects)
            return await importer.run(open_event_file(path, ColumnOptions())), rejects.first

    return import_lines


async def test_lines_are_submitted_in_order_and_a_bounded_number_at_once(import_lines):
    """So events of one user keep their order, and a large file does not fill the memory."""
    batcher = FakeBatcher()
    tally, _ = await import_lines(["u"] * 20_000, batcher)
    assert (tally.stored, tally.done, tally.total) == (20_000, 20_000, 20_000)
    assert batcher.stored == list(range(20_000))
    assert batcher.most_under_way <= 5_000


async def test_a_value_that_only_the_database_refuses_costs_its_own_line(import_lines):
    """The chunk is stored again line by line; keys keep that from storing anything twice."""
    tally, first = await import_lines(["a", "bad", "b"], FakeBatcher(bad_users={"bad"}))
    assert (tally.stored, tally.rejected) == (2, 1)
    assert first == [(2, "the database refuses a value: nobody can store this")]


async def test_a_lost_database_ends_the_import_with_its_progress(import_lines):
    """And says that running it again goes on."""
    with pytest.raises(DatabaseError) as error:
        await import_lines(["u"] * 10_000, FakeBatcher(calls_until_gone=3))
    assert str(error.value) == (
        "The import stopped after 3,000 of 10,000 lines: connection was closed. "
        "Run the same command again to go on; nothing will be stored twice."
    )
