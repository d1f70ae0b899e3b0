"""APIs and workers as processes of their own: start, signals, health, restarts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager

import asyncpg
import pytest
from tests.fault.embedded_server import until

PATIENCE_S = 30
KEY = "k" * 40


@contextmanager
def running(hogsend, *arguments):
    """A process, told to stop at the end of the block if it still runs."""
    process = hogsend.having(ADMIN_API_KEY=KEY).start(*arguments)
    try:
        yield process
    finally:
        process.poll() is None and process.terminate()
        process.communicate(timeout=PATIENCE_S)


def entry(process, event):
    """The next entry of this name in its log."""
    for line in process.stderr:
        found = json.loads(line)
        if found["event"] == event:
            return found
    raise AssertionError(f"the log ended without {event}")


def port_of(process):
    return entry(process, "api.ready")["port"]


def get(port, path="/v1/health"):
    """Status and body."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def post_event(port, user="ann"):
    """The status of an event's answer."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/events",
        data=json.dumps({"name": "purchase", "userId": user}).encode(),
        headers={"Authorization": f"Bearer {KEY}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
        return answer.status


@contextmanager
def in_background(call, *arguments):
    """Run ``call`` in a thread; yields a list that gets its result."""
    results: list = []
    thread = threading.Thread(target=lambda: results.append(call(*arguments)))
    thread.start()
    yield results
    thread.join(PATIENCE_S)


def stopped(process):
    """Its exit code."""
    process.communicate(timeout=PATIENCE_S)
    return process.returncode


async def waiting_for_a_lock(connection):
    """Return when somebody waits for a row that another one has locked."""
    async with asyncpg.create_pool(connection, min_size=1, max_size=1) as pool:

        async def waits():
            return await pool.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND datname = current_database()"
            )

        while not await waits():
            pass


async def test_api_and_workers_are_processes_of_their_own(hogsend, connection):
    """The API is ready; workers are seen while they run, and gone when they have stopped."""
    with running(hogsend, "api", "--port", 0) as api:
        port = port_of(api)
        status, health = get(port)
        assert (status, health["status"], health["migrations"]) == (200, "ok", "ok")
        assert (health["registered"], health["workers"]) == (True, 0)
        assert get(port, "/v1/health/live") == (200, {"status": "ok"})
        with running(hogsend, "worker") as first, running(hogsend, "worker") as second:
            for worker in (first, second):
                entry(worker, "worker.ready")
            await until_workers(connection, 2)
            first.send_signal(signal.SIGTERM)
            assert stopped(first) == 0
            await until_workers(connection, 1)
        await until_workers(connection, 0)
        assert post_event(port) == 202
        api.send_signal(signal.SIGTERM)
        assert stopped(api) == 0


async def until_workers(connection, count):
    while await connection.fetchval("SELECT count(*) FROM workers") != count:
        pass


@pytest.mark.parametrize("command", [("api", "--port", 0), ("worker",)])
def test_mail_that_goes_to_nobody_is_told_of_at_the_start(hogsend, command):
    """An app with templates and no MAIL_PROVIDER; to say ``console`` says that it is meant."""
    with running(hogsend, *command) as process:
        assert "MAIL_PROVIDER is not set" in entry(process, "mail.only_kept")["advice"]
    with running(hogsend.having(MAIL_PROVIDER="console"), *command) as process:
        assert json.loads(process.stderr.readline())["event"] == f"{command[0]}.ready"


async def test_a_signal_lets_the_request_under_way_finish(hogsend, connection, database):
    """SIGTERM while an event waits for a lock: it is stored, answered, and then the API ends."""
    with running(hogsend, "api", "--port", 0) as api:
        port = port_of(api)
        assert post_event(port) == 202
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("SELECT 1 FROM contacts WHERE user_id = 'ann' FOR UPDATE")
        with in_background(post_event, port) as statuses:
            await waiting_for_a_lock(database)
            api.send_signal(signal.SIGTERM)
            entry(api, "api.stopping")
            await transaction.rollback()
        assert statuses == [202]
        assert stopped(api) == 0
    assert await connection.fetchval("SELECT count(*) FROM user_events") == 2


async def test_a_second_signal_ends_at_once(hogsend, connection, database):
    """However much is under way; what was not committed left no trace."""
    with running(hogsend, "api", "--port", 0) as api:
        port = port_of(api)
        assert post_event(port) == 202
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM contacts WHERE user_id = 'ann' FOR UPDATE")
            with in_background(failing_post, port) as statuses:
                await waiting_for_a_lock(database)
                api.send_signal(signal.SIGTERM)
                entry(api, "api.stopping")
                api.send_signal(signal.SIGTERM)
                assert stopped(api) == -signal.SIGTERM
        assert statuses == ["cut off"]
    assert await connection.fetchval("SELECT count(*) FROM user_events") == 1


def failing_post(port):
    try:
        return post_event(port)
    except (OSError, urllib.error.URLError):
        return "cut off"


async def test_the_deadline_cuts_off_what_does_not_end(hogsend, connection, database):
    """A request that hangs is given up after SHUTDOWN_TIMEOUT, and the process ends."""
    with running(hogsend.having(SHUTDOWN_TIMEOUT="1"), "api", "--port", 0) as api:
        port = port_of(api)
        assert post_event(port) == 202
        async with connection.transaction():
            await connection.execute("SELECT 1 FROM contacts WHERE user_id = 'ann' FOR UPDATE")
            with in_background(failing_post, port):
                await waiting_for_a_lock(database)
                api.send_signal(signal.SIGTERM)
                assert stopped(api) == 1


async def test_several_processes_share_a_port(hogsend):
    """A killed one is replaced; they stop with the one that started them, however that ends."""
    with running(hogsend, "api", "--port", 0, "--workers", 2) as api:
        ports = {port_of(api) for _ in range(2)}
        (port,) = ports
        victim, other = children_of(api.pid)
        os.kill(victim, signal.SIGKILL)
        assert entry(api, "child.died")["pid"] == victim
        assert port_of(api) == port
        assert get(port)[0] == 200
        before = children_of(api.pid)
        assert len(before) == 2
        assert other in before
        api.kill()
        await until(lambda: not any(map(alive, before)))
    with running(hogsend, "api", "--port", 0, "--workers", 2) as api:
        assert {get(port_of(api))[0] for _ in range(2)} == {200}
        pids = children_of(api.pid)
        api.send_signal(signal.SIGTERM)
        assert stopped(api) == 0
        assert not any(map(alive, pids))


def children_of(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return list(map(int, found.stdout.split()))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_what_cannot_start_is_not_started_again_and_again(hogsend):
    """The children's reason is shown, and the exit code is theirs."""
    with running(
        hogsend.having(ENABLED_BUCKETS="nothing"), "api", "--port", 0, "--workers", 2
    ) as api:
        _, err = api.communicate(timeout=PATIENCE_S)
        assert api.returncode == 1
        assert "ENABLED_BUCKETS names nothing" in err


@pytest.mark.parametrize("command", [("api", "--port", "0"), ("worker",)])
async def test_a_newer_schema_is_refused(hogsend, connection, command):
    """Code that does not know the database's schema does not touch it."""
    await connection.execute("UPDATE hogsend_alembic_version SET version_num = '9999'")
    ran = hogsend.run(*command)
    assert ran.code == 1
    assert "revision 9999, which this version of Hogsend does not know" in ran.err


async def test_health_tells_of_another_schema(hogsend, connection):
    """Missing migrations: not ready. Newer ones, as in a deploy: still ready, and said."""
    with running(hogsend, "api", "--port", 0) as api:
        port = port_of(api)
        assert get(port)[0] == 200
        for revision, expected in (("0001", (503, "pending")), ("9999", (200, "newer"))):
            await connection.execute(
                "UPDATE hogsend_alembic_version SET version_num = $1", revision
            )
            await until(lambda expected=expected: seen(port) == expected)


def seen(port):
    status, health = get(port)
    return status, health["migrations"]


async def test_processes_wait_for_a_database_that_comes_later(hogsend, empty_database, server):
    """Started first, the API answers as soon as there is a database."""
    name = urllib.parse.urlsplit(empty_database).path.removeprefix("/")
    admin = await asyncpg.connect(server)
    try:
        await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        with running(hogsend.on(empty_database), "api", "--port", 0) as api:
            entry(api, "database.awaited")
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            assert get(port_of(api))[0] == 200
    finally:
        await admin.close()
