"""`hogsend events import` as users run it: nothing lost, nothing twice, nothing silent."""

from __future__ import annotations

import asyncio
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from hogsend.db.pool import connect

GOOD = {"name": "purchase", "timestamp": "2026-01-05T00:00:00Z"}


def ndjson(**fields) -> bytes:
    return json.dumps({**GOOD, **fields}).encode()


def read_lines(path) -> list[str]:
    return Path(path).read_text().splitlines()


AHEAD = (datetime.now(UTC) + timedelta(days=1)).isoformat()

BROKEN = {
    ndjson(userId="x")[:-1]: "not JSON",
    b"nonsense": "not JSON",
    b'["purchase", "x"]': "not a JSON object",
    b'{"name": "purchase", "userId": "\xff"}': "not UTF-8: byte 0xFF",
    ndjson(): "userId: is missing",
    ndjson(userId="x" * 10_000): "userId: has 10,000 characters",
    ndjson(userId="x\0"): "userId: contains a NUL character",
    ndjson(userId="x", name="bucket:entered"): "name: 'bucket:entered'",
    ndjson(userId="x", timestamp=AHEAD): "is more than 5 minutes in the future",
    ndjson(userId="x", timestamp="yesterday"): "timestamp: 'yesterday'",
    ndjson(userId="x", amount=1): "amount: unknown field",
    ndjson(userId="x", eventProperties={"a": float("nan")}): "eventProperties.a: is nan",
    ndjson(userId="x", eventProperties={"a": "\ud800"}): "eventProperties.a: contains a lone",
    ndjson(userId="x", eventProperties={"a": 0}).replace(b"0}", b"1e400}"): "eventProperties.a:",
    ndjson(userId="x", eventProperties={"a": "x" * 2_000_000}): "at most 262,144 are allowed",
    ndjson(userId="x", eventProperties={"a": "x" * 5_000_000}): "longer than 4,194,304 bytes",
}


async def test_broken_lines_are_refused_alone(hogsend, connection):
    """Each is named with number and reason; everything around it goes in, exit code 1."""
    lines = [ndjson(userId=f"u{number}") for number in range(len(BROKEN) + 1)]
    mixed = [line for pair in zip(lines, [*BROKEN, b""], strict=True) for line in pair]
    file = hogsend.home / "events.ndjson"
    file.write_bytes(b"\n".join(mixed))
    ran = hogsend.run("events", "import", file)
    assert ran.code == 1
    assert f"Stored {len(lines)} of {len(lines) + len(BROKEN)} events" in ran.out
    assert f"{len(BROKEN)} lines were refused; see {file}.rejects.ndjson" in ran.err
    rejects = [json.loads(line) for line in read_lines(f"{file}.rejects.ndjson")]
    assert [reject["line"] for reject in rejects] == list(range(2, 2 * len(BROKEN) + 1, 2))
    for reject, (raw, reason) in zip(rejects, BROKEN.items(), strict=True):
        assert reason in reject["reason"]
        assert reject["raw"] == raw[: 4 * 1024 * 1024 + 1].decode(errors="backslashreplace")
    users = {row["user_id"] for row in await connection.fetch("SELECT user_id FROM user_events")}
    assert {f"u{number}" for number in range(len(lines))} <= users
    assert "x" not in users


PURCHASES = """\
user_id,event,timestamp,quantity,amount
ada,purchase,2026-01-01T00:00:00Z,2,29.33
ada,purchase,2026-01-01T00:00:00Z,2,29.33
bob,purchase,2026-01-02T00:00:00Z,1,
bob,purchase,2026-01-02T00:00:00Z,1
"""


async def test_a_csv_file_is_imported_once(hogsend, connection):
    """Identical lines are several events; the same file again, or mended, adds what is new."""
    file = hogsend.home / "purchases.csv"
    file.write_text(PURCHASES)

    ran = hogsend.run("events", "import", file)
    assert ran.code == 1
    assert ran.out == ""
    assert "Unknown columns 'quantity', 'amount'; nothing was stored" in ran.err
    assert "--property quantity --property amount" in ran.err
    assert await connection.fetchval("SELECT count(*) FROM user_events") == 0

    columns = ("--property", "quantity", "--property", "amount", "--json")
    ran = hogsend.run("events", "import", file, *columns)
    assert ran.code == 1
    rejects = f"{file}.rejects.ndjson"
    assert json.loads(ran.out) == {
        "lines": 4, "stored": 3, "known": 0, "rejected": 1, "ignored": 0,
        "rejectsFile": rejects,
    }  # fmt: skip
    assert json.loads(read_lines(rejects)[0]) == {
        "line": 5,
        "reason": "4 cells; the header has 5",
        "raw": "bob,purchase,2026-01-02T00:00:00Z,1",
    }
    rows = await connection.fetch(
        "SELECT user_id, properties FROM user_events WHERE event = 'purchase' ORDER BY user_id"
    )
    bought = {"quantity": 2, "amount": 29.33}
    assert [tuple(row) for row in rows] == [
        ("ada", bought),
        ("ada", bought),
        ("bob", {"quantity": 1}),
    ]

    file.write_text(PURCHASES.rstrip() + ",7\ncyd,purchase,2026-01-03,1,1\n")
    ran = hogsend.run("events", "import", file, *columns)
    assert ran.code == 0
    assert json.loads(ran.out) == {
        "lines": 5, "stored": 2, "known": 3, "rejected": 0, "ignored": 0,
        "rejectsFile": None,
    }  # fmt: skip
    assert not list(hogsend.home.glob("*.rejects.ndjson"))


async def test_an_import_that_was_killed_goes_on(hogsend, connection):
    """After kill -9 in the middle the same command stores exactly what is missing."""
    file, total = many_events(hogsend.home), 20_000
    with hogsend.start("events", "import", file) as process:
        before = await first_count(connection)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    assert before < total
    # The last transaction of the process may still be on its way to one end or the other.
    async with connection.transaction():
        await connection.execute("LOCK TABLE user_events IN SHARE MODE")
        stored = await count(connection)
    ran = hogsend.run("events", "import", file, "--json")
    assert (ran.code, json.loads(ran.out)["rejected"]) == (0, 0)
    assert json.loads(ran.out)["known"] == stored
    assert await count(connection) == total
    unlike = await connection.fetchval(
        "SELECT count(*) FROM contacts WHERE NOT EXISTS (SELECT FROM bucket_memberships AS stay "
        "WHERE stay.user_id = contacts.user_id AND bucket_id = 'lapsed' AND status = 'active')"
    )
    assert unlike == 0


async def test_a_database_that_goes_away_stops_the_import_with_a_way_on(hogsend, server):
    """One message: how far it came, and that the same command goes on."""
    own, admin = await connect(hogsend.dsn), await connect(server)
    name = urlsplit(hogsend.dsn).path.removeprefix("/")
    with hogsend.start("events", "import", many_events(hogsend.home)) as process:
        await first_count(own)
        await own.close()
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        await admin.fetch(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        _, err = process.communicate(timeout=60)
    await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
    await admin.close()
    assert process.returncode == 1
    assert "The import stopped after" in err
    assert "Run the same command again to go on" in err
    assert "Traceback" not in err


def many_events(home):
    """A file of 20,000 events, identical ones among them."""
    file = home / "events.ndjson"
    events = (
        ndjson(userId=f"u{n % 3000}", eventProperties={"n": n // 6000}) for n in range(20_000)
    )
    file.write_bytes(b"\n".join(events))
    return file


async def count(connection):
    return await connection.fetchval("SELECT count(*) FROM user_events WHERE event = 'purchase'")


async def first_count(connection):
    """How many events there are as soon as there are any."""
    async with asyncio.timeout(30):
        while not (found := await count(connection)):  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)
        return found
