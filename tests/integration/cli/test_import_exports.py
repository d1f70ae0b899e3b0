"""``hogsend import``: the past, from PostHog's and Segment's exports."""

from __future__ import annotations

import json

import pytest
from tests import webhook_payloads as payloads

from hogsend.cli import entry
from hogsend.db.pool import create_pool

POSTHOG = {  # posthog.com/docs/cdp/batch-exports/s3: JSON lines
    "uuid": "01918d5a-b8c6-7c3a-9f0d-2c4f3f1f3a55",
    "team_id": 1,
    "timestamp": "2024-08-26 10:12:41.123000",
    "created_at": "2024-08-26T10:12:45+00:00",
    "event": "paid_bill",
    "distinct_id": "max",
    "person_id": "0191",
    "properties": json.dumps({"amount": 10, "$lib": "web"}),
    "person_properties": {"email": "max@posthog.com", "plan": "pro"},
}


@pytest.fixture
def run(database, monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("DATABASE_URL", database)
    (tmp_path / "app.py").write_text(
        "from hogsend import create_client\nclient = create_client()\n"
    )
    monkeypatch.chdir(tmp_path)

    def ran(source, lines, code=0):
        (tmp_path / "x.ndjson").write_text("\n".join(map(json.dumps, lines)))
        capsys.readouterr()
        assert entry.run(["import", source, "x.ndjson", "--json", "--app", "app.py"]) == code
        return json.loads(capsys.readouterr().out)

    return ran


@pytest.fixture
async def rows(database):
    async def read():
        async with await create_pool(database) as pool:
            return await pool.fetch(
                "SELECT event, user_id, occurred_at::text, e.properties, c.properties AS person "
                "FROM user_events e JOIN contacts c USING (user_id) ORDER BY occurred_at"
            )

    return read


def test_posthogs_batch_export(run, tmp_path):
    """Objects as text and times without a zone, too; again, nothing is stored twice."""
    moved = {**POSTHOG, "uuid": "u2", "timestamp": "2024-08-27T10:00:00+02:00", "properties": {}}
    broken = {key: value for key, value in POSTHOG.items() if key != "distinct_id"}
    told = run("posthog", [POSTHOG, moved, broken], code=1)
    assert (told["stored"], told["rejected"], told["ignored"]) == (2, 1, 0)
    assert "distinct_id" in (tmp_path / "x.ndjson.rejects.ndjson").read_text()
    told = run("posthog", [POSTHOG, moved, {**POSTHOG, "uuid": "u3"}])
    assert (told["stored"], told["known"]) == (1, 2)


async def test_what_an_export_becomes(run, rows):
    """The event with its time and properties, and the person's as contact properties."""
    import asyncio  # noqa: PLC0415

    await asyncio.to_thread(run, "posthog", [POSTHOG])
    (row,) = await rows()
    assert (row["event"], row["user_id"]) == ("paid_bill", "max")
    assert row["occurred_at"] == "2024-08-26 10:12:41.123+00"
    assert row["properties"] == {"amount": 10, "$lib": "web"}
    assert row["person"] == {"email": "max@posthog.com", "plan": "pro"}


def test_segments_archive(run):
    """Calls as they came in; what stands for nothing is counted, and is no fault."""
    calls = [payloads.SEGMENT_TRACK, payloads.SEGMENT_IDENTIFY, payloads.SEGMENT_ALIAS]
    told = run("segment", calls)
    assert (told["stored"], told["rejected"], told["ignored"]) == (2, 0, 1)


def test_what_cannot_be_imported(run, capsys):
    """Another source, or no file, is said at once."""
    assert entry.run(["import", "mixpanel", "x.ndjson"]) == 1
    assert "there are: posthog, segment" in capsys.readouterr().err
    assert entry.run(["import", "posthog", "nowhere.ndjson"]) == 1
    assert "nowhere.ndjson does not exist" in capsys.readouterr().err
