"""What operators see of journeys, and what they do: every action is in the audit log."""

from __future__ import annotations

import pytest
from pydantic import SecretStr
from tests.world import START

from hogsend.app.client import create_client
from hogsend.app.virtual import TimeMachine
from hogsend.buckets.definition import define_bucket
from hogsend.clock import VirtualClock
from hogsend.durations import days
from hogsend.errors import ConflictError, NotFoundError
from hogsend.events.parse import parse_event
from hogsend.journeys.definition import define_journey
from hogsend.journeys.model import Status
from hogsend.ops.journeys import list_journeys, show_journey, switch_journey
from hogsend.ops.record import Page
from hogsend.ops.runs import cancel, enroll, list_runs, retry
from hogsend.settings import Settings

BROKEN = []


@define_journey(
    id="tour",
    name="Tour",
    trigger="go",
    where=lambda b: b.prop("n").exists(),
    exit_on=["bye", {"event": "buy", "where": lambda b: b.prop("amount").gt(5)}],
)
async def tour(user, ctx):
    await ctx.sleep(days(1))
    if user.id in BROKEN:
        raise ValueError(user.id)


@pytest.fixture
async def client(database):
    trial = define_bucket(id="trial", name="Trial", criteria=lambda b: b.prop("plan").eq("t"))

    @trial.on("enter")
    async def greet(user, ctx):
        pass

    settings = Settings(database_url=SecretStr(database))
    opened = create_client(
        buckets=[trial], journeys=[tour], settings=settings, clock=VirtualClock(START)
    )
    async with opened:
        yield opened


async def go(client, *users, **properties):
    items = [{"userId": user, "name": "go", "eventProperties": properties} for user in users]
    await client.engine.submit([parse_event(item, client.clock.now()) for item in items])
    await client.engine.executor.settle_due()


async def advance(client, duration):
    await TimeMachine(client.engine, client.clock).advance_to(client.clock.now() + duration)


async def states(client, **filters):
    listed = await list_runs(client.engine.pool, "tour", Page(), **filters)
    return list(listed.states)


async def audited(client):
    rows = await client.engine.pool.fetch(
        "SELECT actor, action, target FROM audit_logs ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def test_lists_and_details(client):
    """Counts by status and by reason of a skip; what starts and ends it, also in JSON."""
    await go(client, "ann", "bob", n=1)
    await go(client, "cyd")
    listed = (await list_journeys(client.engine.pool, client.journeys, Page())).to_json()
    shown = [(each["id"], each["owned"], each["sourceBucketId"]) for each in listed["journeys"]]
    assert shown == [("tour", False, None), ("bucket-trial-on-enter", True, "trial")]
    detail = (await show_journey(client.engine.pool, client.journeys, "tour")).to_json()
    assert detail["counts"]["waiting"] == 2
    assert detail["skips"] == {"where": 1}
    assert detail["exitOn"][1]["where"][0]["operator"] == "gt"
    assert sorted(state["userId"] for state in detail["recentStates"]) == ["ann", "bob"]
    assert detail["recentStates"][0]["triggerEvent"]["name"] == "go"
    [one] = await states(client, user_id="ann", status=Status.WAITING)
    assert [entry["call"] for entry in one.journal] == ["sleep"]
    with pytest.raises(NotFoundError, match="Did you mean 'tour'"):
        await show_journey(client.engine.pool, client.journeys, "tuor")


async def test_cancelling(client):
    """A sleeping run ends; one that is over is a conflict."""
    await go(client, "ann", n=1)
    [run] = await states(client)
    cancelled = await cancel(client, "tour", run.id, actor="me")
    assert (cancelled.status, cancelled.exit_reason) == ("exited", "cancelled")
    with pytest.raises(ConflictError, match="over already: it is exited"):
        await cancel(client, "tour", run.id, actor="me")
    with pytest.raises(NotFoundError):
        await cancel(client, "tour", "no-id", actor="me")
    assert await audited(client) == [("me", "journey.cancel", "tour")]


async def test_retrying(client):
    """A failed run goes on where it failed; not while the user is in the journey anew."""
    BROKEN[:] = ["ann"]
    await go(client, "ann", n=1)
    await advance(client, days(3))
    [run] = await states(client)
    assert (run.status, run.attempts) == ("failed", 7)
    await go(client, "ann", n=2)
    with pytest.raises(ConflictError, match="anew; cancel that run first"):
        await retry(client, "tour", run.id, actor="me")
    [latest, _] = await states(client)
    await cancel(client, "tour", latest.id, actor="me")
    BROKEN.clear()
    await retry(client, "tour", run.id, actor="me")
    await client.engine.executor.settle_due()
    assert [state.status for state in await states(client)] == ["exited", "completed"]
    with pytest.raises(ConflictError, match="has not failed: it is completed"):
        await retry(client, "tour", run.id, actor="me")


async def test_enrolling_by_hand(client):
    """As if the trigger had come, whatever the guards say; not twice at once, not strangers."""
    await go(client, "ann")
    started = await enroll(client, "tour", "ann", properties={"by": "hand"}, actor="me")
    assert (started.status, started.trigger_event["properties"]) == ("active", {"by": "hand"})
    with pytest.raises(ConflictError, match="already"):
        await enroll(client, "tour", "ann", actor="me")
    with pytest.raises(NotFoundError):
        await enroll(client, "tour", "nobody", actor="me")
    await advance(client, days(1))
    assert [state.status for state in await states(client)] == ["completed"]


async def test_switching(client):
    """Audited, and in effect at once in this process."""
    switched = await switch_journey(client, "tour", enabled=False, actor="me")
    assert not switched.enabled
    await go(client, "ann", n=1)
    assert await states(client) == []
    assert (await switch_journey(client, "tour", enabled=True, actor="me")).enabled
    assert [action for _, action, _ in await audited(client)] == [
        "journey.disable",
        "journey.enable",
    ]
