"""The doctor finds what is wrong, says what to do, and changes nothing."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from hogsend.clock import SystemClock
from hogsend.ops.doctor import Level, _clock, _connections, _judge_settings, examine
from hogsend.runtime.presence import Presence

GOOD = dict.fromkeys(("synchronous_commit", "fsync", "full_page_writes", "autovacuum"), "on")


async def findings(connection):
    """What is not well, by check; the tests' own server trades durability for speed."""
    found = await examine(connection, SystemClock())
    return {
        finding.check: finding
        for finding in found
        if finding.level is not Level.OK and finding.check not in GOOD
    }


async def work(pool):
    """Let a worker be alive, and the audit have run."""
    now = SystemClock().now()
    await Presence(pool=pool, clock=SystemClock()).run_once()
    await pool.execute("INSERT INTO leases VALUES ('reconcile', gen_random_uuid(), $1, $1)", now)


async def test_a_healthy_installation_has_no_faults(pool, connection):
    """With a worker alive there is nothing to do."""
    assert set(await findings(connection)) == {"workers", "reconcile"}
    await work(pool)
    assert await findings(connection) == {}


async def test_what_does_not_move_on_is_a_fault(pool, connection):
    """A timer long due, a run and a job whose worker is dead, a job that gave up."""
    await work(pool)
    late = SystemClock().now() - timedelta(minutes=5)
    await connection.execute(
        "INSERT INTO bucket_configs (bucket_id, name, updated_at) VALUES ('b', 'B', $1)", late
    )
    await connection.execute(
        "INSERT INTO bucket_timers (user_id, bucket_id, due_at) VALUES ('ann', 'b', $1)", late
    )
    await connection.execute(
        "INSERT INTO bucket_jobs (id, bucket_id, kind, status, fingerprint, run_after, created_at, "
        "holder, lease_expires_at) VALUES "
        "(gen_random_uuid(), 'b', 'backfill', 'running', 'f', $1, $1, gen_random_uuid(), $1), "
        "(gen_random_uuid(), 'c', 'backfill', 'failed', 'f', $1, $1, null, null)",
        late,
    )
    found = await findings(connection)
    assert found.keys() == {"pump lag", "jobs"}
    assert "300 s" in found["pump lag"].message
    assert "bucket c" in found["jobs"].message
    await connection.execute("UPDATE bucket_configs SET enabled = false")
    assert "pump lag" not in await findings(connection), "a paused bucket waits by intent"


async def test_mail_that_was_only_kept_is_told_of(pool, connection):
    """Of the last day; mail that somebody carried is nothing to say."""
    await work(pool)
    now = SystemClock().now()
    for key, provider, at in (
        ("a", "console", now - timedelta(hours=1)),
        ("b", "smtp", now),
        ("c", "console", now - timedelta(days=2)),
    ):
        await connection.execute(
            "INSERT INTO email_sends (user_id, idempotency_key, id, status, template, from_address, "
            "to_address, subject, html, text, provider, created_at, updated_at, sent_at) VALUES "
            "('ann', $1, gen_random_uuid(), 'sent', 't', 'f', 'a', 's', 'h', 't', $2, $3, $3, $3)",
            key,
            provider,
            at,
        )
    found = await findings(connection)
    assert found.keys() == {"mail"}
    assert "mails 1 were" in found["mail"].message
    assert "MAIL_PROVIDER" in found["mail"].advice


async def test_indexes_are_there_and_valid(pool, connection):
    """A missing one is named."""
    await work(pool)
    await connection.execute("DROP INDEX bucket_timers_due_at")
    found = await findings(connection)
    assert found["indexes"].message == "bucket_timers_due_at is missing."


async def test_another_schema_ends_the_examination(connection):
    """What comes after it could not be judged."""
    for revision, advice in (("0001", "hogsend migrate"), ("9999", "Upgrade")):
        await connection.execute("UPDATE hogsend_alembic_version SET version_num = $1", revision)
        found = await findings(connection)
        assert found.keys() == {"migrations"}
        assert advice in found["migrations"].advice


@pytest.mark.parametrize("name", GOOD)
def test_settings_that_risk_data_are_faults(name):
    """Each says which danger it is and how to set it."""
    (fault,) = [f for f in _judge_settings(GOOD | {name: "off"}) if f.level is Level.FAULT]
    assert f"ALTER SYSTEM SET {name} = on" in fault.advice


def test_clocks_and_connections_are_judged():
    """Small differences are nothing; few or used-up connections are something."""
    assert _clock(timedelta(seconds=-1)).level is Level.OK
    assert _clock(timedelta(seconds=-3)).level is Level.FAULT
    assert "-3.0 s" in _clock(timedelta(seconds=-3)).message
    assert _connections(10, 100).level is Level.OK
    assert _connections(81, 100).level is Level.FAULT
    assert _connections(1, 20).level is Level.ADVICE


def test_the_command_tells_programs_by_its_exit_code(hogsend):
    """1 if there is a fault; the findings as text or as JSON."""
    ran = hogsend.run("doctor", "--json")
    found = {each["check"]: each for each in json.loads(ran.out)["findings"]}
    assert ran.code == 1
    assert found["workers"]["level"] == "fault"
    assert "hogsend worker" in found["workers"]["advice"]
    ran = hogsend.run("doctor")
    assert ran.code == 1
    assert "-> Run `hogsend worker`." in ran.out
