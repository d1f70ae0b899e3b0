"""The outbox in the hands of operators: what waits, what was given up, and another chance."""

from __future__ import annotations

import json

import pytest
from pydantic import SecretStr
from tests.integration.api.conftest import ADMIN_KEY, calling, make_settings
from tests.integration.outbox.synced import synced

from hogsend.app.client import create_client
from hogsend.asgi import create_app
from hogsend.cli import entry
from hogsend.clock import SystemClock
from hogsend.ops.doctor import examine


async def given_up(pool):
    """One dead delivery to PostHog, and one that waits."""
    async with synced(pool, faults=[400]) as world:
        await world.contact("ann", plan="pro")
        await world.deliver()
        await world.contact("bea", plan="pro")


async def test_over_http(pool, database):
    """Summarized, listed with the reason, and replayed, which is on record."""
    await given_up(pool)
    settings = make_settings(database, admin_api_key=SecretStr(ADMIN_KEY))
    async with create_client(settings=settings) as client, calling(create_app(client)) as http:
        (seen,) = (await http.get("/v1/admin/outbox")).json()["destinations"]
        assert seen.pop("lagSecs") > 1000
        assert seen == {"destination": "posthog", "pending": 1, "dead": 1}
        listed = (await http.get("/v1/admin/outbox/posthog")).json()
        (dead,) = listed["deliveries"]
        assert (listed["total"], dead["userId"], dead["status"]) == (1, "ann", 400)
        assert dead["dueAt"] is None
        waiting = (await http.get("/v1/admin/outbox/posthog?state=pending")).json()["deliveries"]
        assert [each["userId"] for each in waiting] == ["bea"]
        assert (await http.get("/v1/admin/outbox/nobody")).json()["total"] == 0

        metrics = (await http.get("/metrics")).text
        assert 'hogsend_outbox_dead{destination="posthog"} 1.0' in metrics
        assert 'hogsend_outbox_lag_seconds{destination="posthog"}' in metrics

        answer = await http.post("/v1/admin/outbox/posthog/replay", json={"id": dead["id"]})
        assert answer.json() == {"replayed": 1}
        again = await http.post("/v1/admin/outbox/posthog/replay", json={"id": dead["id"]})
        assert again.status_code == 404
        (log,) = (await http.get("/v1/admin/audit-logs")).json()["auditLogs"]
        assert (log["action"], log["target"]) == ("outbox.replay", "posthog")
    assert await pool.fetchval("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL") == 2


async def test_the_doctor_tells_of_it(pool):
    """What waits for long needs somebody; what was given up can wait."""
    await given_up(pool)
    async with pool.acquire() as connection:
        findings = [f for f in await examine(connection, SystemClock()) if f.check == "outbox"]
    assert [str(finding.level) for finding in findings] == ["fault", "advice"]
    assert "hogsend outbox replay posthog" in findings[1].advice


@pytest.fixture
async def command(pool, database, monkeypatch, capsys):
    await given_up(pool)
    monkeypatch.setenv("DATABASE_URL", database)
    capsys.readouterr()

    def ran(*arguments, code=0):
        assert entry.run(["outbox", *arguments]) == code
        return capsys.readouterr().out

    return ran


def test_on_the_command_line(command):
    """The same."""
    (seen,) = json.loads(command("status", "--json"))["destinations"]
    assert (seen["dead"], seen["pending"]) == (1, 1)
    assert "posthog" in command("status")
    assert "PostHog answered 400" in command("list", "posthog")
    assert command("replay", "posthog") == "1 is due again.\n"
    assert command("replay", "posthog") == "0 are due again.\n"
    assert json.loads(command("list", "posthog", "--pending", "--json"))["total"] == 2
