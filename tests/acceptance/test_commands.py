"""The commands as users run them, each a process of its own."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import urllib.request
from urllib.parse import urlsplit

import pytest
from tests.acceptance.conftest import PROGRAM

from hogsend.db.migrate import migrate
from hogsend.db.pool import connect


def test_events_send_shows_who_joins_and_leaves(hogsend):
    """A late event and a new one move somebody at once; a known key does nothing."""
    send = ("events", "send", "purchase", "--user", "ada")
    ran = hogsend.run(*send, "--timestamp", "2026-01-01", "--key", "1")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == "Stored purchase of ada.\nada entered lapsed.\n"
    ran = hogsend.run(*send, "--timestamp", "2026-01-01", "--key", "1")
    assert ran.out == "Known already: ada has an event with this key. Nothing changed.\n"
    ran = hogsend.run(
        *send, "--properties", '{"amount": 60}', "--contact", '{"plan": "pro"}', "--json"
    )
    told = json.loads(ran.out)
    [exit_] = told.pop("exits")
    assert (exit_["journeyId"], exit_["exited"]) == ("win-back", True)
    assert told == {
        "stored": True,
        "transitions": [{"bucketId": "lapsed", "transition": "left"}],
    }


async def test_journeys_show_and_end_runs(hogsend):
    """A transition started a run; it is listed, cancelled, and not cancelled twice."""
    hogsend.run("events", "send", "purchase", "--user", "ada", "--timestamp", "2026-01-01")
    [journey] = json.loads(hogsend.run("journeys", "list", "--json").out)["journeys"]
    assert (journey["id"], journey["sourceBucketId"]) == ("win-back", "lapsed")
    assert journey["counts"]["active"] == 1
    [run] = json.loads(hogsend.run("journeys", "states", "win-back", "--json").out)["states"]
    assert (run["userId"], run["triggerEvent"]["name"]) == ("ada", "bucket:entered:lapsed")
    assert "is cancelled" in hogsend.run("journeys", "cancel", "win-back", run["id"]).out
    ran = hogsend.run("journeys", "cancel", "win-back", run["id"])
    assert (ran.code, ran.out) == (1, "")
    assert "over already: it is exited" in ran.err
    assert "cancelled" in hogsend.run("journeys", "states", "win-back", "--user", "ada").out
    assert "is paused" in hogsend.run("journeys", "disable", "win-back").out
    assert "(paused)" in hogsend.run("journeys", "list").out
    assert "Did you mean 'win-back'" in hogsend.run("journeys", "show", "winback").err


async def test_buckets_show_what_is_in_the_database(hogsend, connection):
    """Ids, names, counts and members, for people and as JSON."""
    lines = [{"name": "purchase", "userId": f"u{n}", "timestamp": "2026-01-01"} for n in range(3)]
    lines.append({"name": "purchase", "email": "Bob@x.org", "timestamp": "2026-01-01"})
    lines.append({"name": "purchase", "userId": "u0"})
    (hogsend.home / "events.ndjson").write_text("\n".join(map(json.dumps, lines)))
    assert hogsend.run("events", "import", "events.ndjson").code == 0

    ran = hogsend.run("buckets", "list", "--json")
    listed = json.loads(ran.out)
    assert listed["total"] == 3
    lapsed = next(bucket for bucket in listed["buckets"] if bucket["id"] == "lapsed")
    assert lapsed["counts"] == {"active": 3, "left": 1}
    assert (lapsed["name"], lapsed["timeBased"]) == ("Lapsed", True)
    shown = json.loads(hogsend.run("buckets", "show", "lapsed", "--json").out)["bucket"]
    assert shown["criteria"]["type"] == "composite"
    assert "criteriaText" in hogsend.run("buckets", "show", "lapsed").out
    assert lapsed["criteriaText"].startswith("did purchase and did not do purchase in the last 60")

    shown = {line.split()[0]: line for line in hogsend.run("buckets", "list").out.splitlines()}
    assert shown.keys() == {"Id", "repeat-buyers", "lapsed", "big-spenders"}
    assert shown["lapsed"].split()[:3] == ["lapsed", "Lapsed", "3"]
    assert lapsed["criteriaText"] in shown["lapsed"]

    ran = hogsend.run("buckets", "members", "lapsed", "--json", "--limit", "2")
    listed = json.loads(ran.out)
    assert (listed["total"], listed["limit"]) == (3, 2)
    rows = await connection.fetch(
        "SELECT user_id, entered_at FROM bucket_memberships WHERE status = 'active' "
        "ORDER BY entered_at DESC, user_id DESC"
    )
    users = [row["user_id"] for row in rows]
    assert sorted(users) == ["bob@x.org", "u1", "u2"]
    assert [member["userId"] for member in listed["members"]] == users[:2]
    entered_at = rows[0]["entered_at"]
    expected = f"{entered_at:%Y-%m-%dT%H:%M:%S}.{entered_at.microsecond // 1000:03}Z"
    assert listed["members"][0]["enteredAt"] == expected

    ran = hogsend.run("buckets", "members", "lapsed")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["User", *users]
    assert "Bob@x.org" in ran.out
    assert ran.err == "3 in lapsed.\n"
    ran = hogsend.run("buckets", "members", "lapsed", "--left")
    assert [line.split()[0] for line in ran.out.splitlines()] == ["User", "u0"]

    ran = hogsend.run("buckets", "members", "laps")
    assert ran.code == 1
    assert ran.err.startswith("Error: There is no bucket 'laps'. Did you mean 'lapsed'?")


async def test_migrate_creates_the_tables_once(hogsend, empty_database):
    """Again, there is nothing to do."""
    fresh = hogsend.on(empty_database)
    first, second = fresh.run("migrate"), fresh.run("migrate")
    assert (first.code, second.code) == (0, 0)
    assert "Applied 0001" in first.out
    assert second.out == "There was nothing to apply. The schema is up to date.\n"
    assert await migrate(empty_database) == []


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_dev_answers_until_it_is_told_to_stop(hogsend, stop):
    """It says what it runs and how to try it; what it tells to try works; it ends with 0."""
    port = free_port()
    with hogsend.start("dev", "--port", port) as process:
        shown = ""
        while "curl" not in shown:
            shown += process.stderr.readline()
        assert "3 buckets" in shown
        command = next(line for line in shown.splitlines() if "curl" in line)
        tried = subprocess.run(
            command, shell=True, check=True, capture_output=True, cwd=hogsend.home
        )
        assert json.loads(tried.stdout) == {"stored": True, "exits": [], "transitions": []}
        key = (hogsend.home / ".hogsend" / "dev" / "key").read_text().strip()
        late = '{"name": "purchase", "userId": "bob", "timestamp": "2026-01-01"}'
        moved = post(port, late, key)["transitions"]
        assert moved == [{"bucketId": "lapsed", "transition": "entered"}]
        process.send_signal(stop)
        _, rest = process.communicate(timeout=30)
    assert (process.returncode, rest.strip()) == (0, "Stopped.")


def test_a_port_in_use_is_an_error_at_the_start(hogsend):
    """It says how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ran = hogsend.run("dev", "--port", port)
    assert ran.code == 1
    assert ran.err.startswith(f"Error: Port {port} is in use. Choose another with --port")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def post(port, body: str, key: str):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/events",
        data=body.encode(),
        headers={"Authorization": f"Bearer {key}"},
    )
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


OWN = """\
customer_id;bought_at;amount
ada;2026-01-01 10:00:00;60
bob;2026-01-02 10:00:00;5
ada;2026-01-10 10:00:00;70
eve;no time;1
"""


async def test_the_demo_replays_a_file_of_ones_own(hogsend, connection, server):
    """Other columns, delimiters and times; refused lines are named; the data in use are left alone.

    One test, as the demo's database has one name.
    """
    file = hogsend.home / "own.csv"
    file.write_text(OWN.replace("bought_at", "date"))
    for _ in range(2):
        ran = hogsend.run("demo", file, "--event", "purchase", "--exit")
        assert ran.code == 0
        assert "own.csv: 3 events of 2 users, 2026-01-01 to 2026-01-10" in ran.out
        assert "Line 5 was refused: timestamp: 'no time'" in ran.out
        counts = [line.split()[2:5] for line in ran.out.splitlines() if line.startswith("Big")]
        assert counts == [["1", "1", "0"]]
    assert await connection.fetchval("SELECT count(*) FROM user_events") == 0

    ran = hogsend.run("demo", file, "--event", "order", "--exit")
    assert "The buckets ask for purchase; the file has order." in ran.out

    file.write_text(OWN)
    ran = hogsend.run("demo", file, "--event", "purchase", "--exit")
    assert ran.code == 1
    assert "There is no event in" in ran.err
    assert "timestamp: is missing; a replay needs to know when it happened" in ran.err

    other = await connect(urlsplit(server)._replace(path="/hogsend_demo").geturl())
    file.write_text(OWN.replace("bought_at", "date"))
    ran = hogsend.run("demo", file, "--event", "purchase", "--exit")
    await other.execute("COMMENT ON DATABASE hogsend_demo IS NULL")
    await other.close()
    assert ran.code == 1
    assert ran.err.startswith("Error: The database hogsend_demo is in use. Stop the `hogsend demo`")

    ran = hogsend.run("demo", file, "--event", "purchase", "--exit")
    assert ran.code == 1
    assert "a database hogsend_demo already that `hogsend demo` did not make" in ran.err
    admin = await connect(server)
    await admin.execute("DROP DATABASE hogsend_demo")
    await admin.close()


def test_a_bucket_is_paused_and_resumed(hogsend):
    """`disable` and `enable` change what every process evaluates, and `list` says so."""
    assert "paused in every process" in hogsend.run("buckets", "disable", "lapsed").out
    listed = json.loads(hogsend.run("buckets", "list", "--json").out)["buckets"]
    assert {bucket["id"]: bucket["enabled"] for bucket in listed} == {
        "repeat-buyers": True,
        "lapsed": False,
        "big-spenders": True,
    }
    assert hogsend.run("buckets", "enable", "lapsed").code == 0
    assert "(paused)" not in hogsend.run("buckets", "list").out
    refused = hogsend.run("buckets", "disable", "laps")
    assert refused.code == 1
    assert "Did you mean 'lapsed'?" in refused.err


def test_explain_says_why_and_changes_nothing(hogsend):
    """The first reason in words, the same as JSON; near names for unknown ones; no schema, no write."""
    refused = hogsend.run("explain", "lapsed", "ada")
    assert refused.code == 1
    assert "There is no contact 'ada'." in refused.err
    send = ("events", "send", "purchase", "--user", "ada", "--email", "Ada@x.org")
    assert hogsend.run(*send, "--timestamp", "2026-01-01").code == 0
    ran = hogsend.run("explain", "lapsed", "ada")
    assert ran.code == 0
    first, *_, stay = ran.out.splitlines()
    assert first.startswith("ada has been in Lapsed since ")
    assert ", because: no purchase event in the last 60 days; the last one was " in first
    assert stay.split()[0] == "1"
    told = json.loads(hogsend.run("explain", "repeat-buyers", "ada@x.org", "--json").out)
    assert (told["userId"], told["matches"]) == ("ada", False)
    assert told["reason"].endswith("wanted: did purchase at least 3 times in the last 90 days")


async def test_explain_does_not_migrate(hogsend, empty_database):
    """A schema that is not there is for `migrate` to make."""
    fresh = hogsend.on(empty_database)
    refused = fresh.run("explain", "lapsed", "ada")
    assert refused.code == 1
    assert "Run `hogsend migrate` first." in refused.err


def test_keys_are_made_listed_and_revoked(hogsend):
    """Without an app; the key is shown once, alone on stdout."""
    ran = hogsend.run("keys", "create", "--scope", "read", "--name", "me", "--expires", "90d")
    key = ran.out.strip()
    assert key.startswith("hog_")
    assert "the only time" in ran.err
    listed = json.loads(hogsend.run("keys", "list", "--json").out)["apiKeys"]
    assert [(made["name"], made["scope"]) for made in listed] == [("me", "read")]
    assert key not in str(listed)
    assert hogsend.run("keys", "revoke", listed[0]["id"]).code == 0
    assert "revoked" in hogsend.run("keys", "list").out
    ran = hogsend.run("keys", "create", "--scope", "root")
    assert (ran.code, "ingest, read, journey-admin or full-admin" in ran.err) == (2, True)


def test_plan_tells_what_a_deploy_would_do(hogsend):
    """Exit code 2 while it would do something; nothing is registered, nobody moves; then 0."""
    imported = ("events", "send", "purchase", "--user", "ada", "--timestamp", "2026-01-01")
    assert hogsend.run(*imported).code == 0
    assert hogsend.run("plan").out.splitlines()[-1].startswith("A deploy would change nothing")
    app = hogsend.home / "app.py"
    app.write_text(app.read_text().replace("not_exists()", "exists()"))
    for _ in range(2):
        ran = hogsend.run("plan")
        assert (ran.code, ran.err) == (2, "")
        assert "~ lapsed other criteria; 1 → 0 members" in ran.out
        assert "1 leave, announced: ada" in ran.out
        assert "A deploy would change 1 of 3 buckets; 1 contacts." in ran.out
    told = json.loads(hogsend.run("plan", "--json").out)
    assert (told["changes"], told["contacts"]) == (True, 1)
    (lapsed,) = [bucket for bucket in told["buckets"] if bucket["changes"]]
    assert (lapsed["change"], lapsed["members"], lapsed["membersAfter"]) == ("changed", 1, 0)
    assert lapsed["leaves"] == {"count": 1, "announced": True, "byMaxDwell": 0, "users": ["ada"]}


def test_contacts_and_the_log_are_read_and_deleted(hogsend):
    """Lists, one contact, their timeline; what was done is in the audit log."""
    send = ("events", "send", "purchase", "--timestamp", "2026-01-01")
    assert hogsend.run(*send, "--user", "ada", "--contact", '{"plan": "pro"}').code == 0
    assert hogsend.run(*send, "--user", "bob").code == 0
    listed = json.loads(hogsend.run("contacts", "list", "--search", "ad", "--json").out)
    assert [contact["userId"] for contact in listed["contacts"]] == ["ada"]
    ran = hogsend.run("contacts", "list", "--limit", "1")
    assert ran.err == "2 contacts. Shown: 1; more with --limit and --offset.\n"
    shown = json.loads(hogsend.run("contacts", "show", "ada", "--json").out)["contact"]
    assert (shown["properties"], shown["buckets"]) == ({"plan": "pro"}, ["lapsed"])
    assert "entered lapsed" in " ".join(hogsend.run("contacts", "timeline", "ada").out.split())
    logged = json.loads(hogsend.run("events", "list", "--event", "purchase", "--json").out)
    assert logged["total"] == 2
    ran = hogsend.run("events", "list", "--user", "ada")
    assert len(ran.out.splitlines()) == 4
    assert "bob" not in ran.out
    assert "purchase" in hogsend.run("events", "names").out
    assert hogsend.run("contacts", "delete", "ada", "--erase").out == "ada is erased.\n"
    refused = hogsend.run("contacts", "show", "ada")
    assert (refused.code, "There is no contact 'ada'" in refused.err) == (1, True)
    entry = json.loads(hogsend.run("audit", "--json").out)["auditLogs"][0]
    assert entry["action"] == "contact.erase"
    assert entry["actor"].startswith("cli")
    assert "contact.erase" in hogsend.run("audit").out


def test_shells_complete_commands(hogsend):
    """What a shell asks when somebody presses the tab key."""
    asked = {"_HOGSEND_COMPLETE": "complete_bash", "COMP_WORDS": "hogsend ke", "COMP_CWORD": "1"}
    completed = subprocess.run(
        [PROGRAM], env={**hogsend.environment, **asked}, capture_output=True, text=True, check=False
    )
    assert completed.stdout.split() == ["keys"]
