"""Journeys, their runs, jobs and plans over HTTP."""

from __future__ import annotations

import pytest
from tests.databases import in_database
from tests.integration.api.conftest import calling, put_together

from hogsend import days, define_journey


@pytest.fixture(scope="module")
def made(server, place):
    """With a journey."""

    @define_journey(id="welcome", name="Welcome", trigger="bucket:entered:buyers")
    async def welcome(user, ctx):
        await ctx.sleep(days(30))

    return put_together(in_database(server, place), journeys=[welcome])


@pytest.fixture
async def http(made, client):
    async with calling(made[1]) as opened:
        opened.engine = client.engine
        for user in ("ann", "bob"):
            for _ in range(2):
                await opened.post("/v1/events", json={"name": "buy", "userId": user})
        yield opened


async def test_journeys_are_listed_and_shown(http):
    """With their runs by status; whom a journey left out, and why."""
    listed = (await http.get("/v1/admin/journeys")).json()
    assert listed["total"] == 1
    assert listed["journeys"][0]["counts"]["active"] == 2
    journey = (await http.get("/v1/admin/journeys/welcome")).json()["journey"]
    assert (journey["trigger"], journey["enabled"]) == ("bucket:entered:buyers", True)
    assert [state["userId"] for state in journey["recentStates"]] == ["bob", "ann"]
    assert (await http.get("/v1/admin/journeys/welcom")).status_code == 404


async def test_a_journey_is_paused_and_goes_on(http):
    """While it is paused it enrols nobody; the audit log says who did it."""
    url = "/v1/admin/journeys/welcome"
    assert (await http.patch(url, json={"enabled": False})).json()["journey"]["enabled"] is False
    for _ in range(2):
        await http.post("/v1/events", json={"name": "buy", "userId": "carl"})
    assert (await http.get(f"{url}/states?userId=carl")).json()["total"] == 0
    assert (await http.get("/v1/admin/journeys?enabled=false")).json()["total"] == 1
    assert (await http.patch(url, json={"enabled": True})).json()["journey"]["enabled"] is True
    log = (await http.get("/v1/admin/audit-logs")).json()["auditLogs"]
    assert [entry["action"] for entry in log] == ["journey.enable", "journey.disable"]


async def test_a_run_is_made_cancelled_and_not_retried(http):
    """By hand; what its status does not allow is a 409."""
    await http.put("/v1/contacts", json={"userId": "carl"})
    enroll = "/v1/admin/journeys/welcome/enroll"
    made = await http.post(enroll, json={"userId": "carl", "properties": {"by": "hand"}})
    state = made.json()["state"]
    assert (made.status_code, state["triggerEvent"]["properties"]) == (201, {"by": "hand"})
    assert (await http.post(enroll, json={"userId": "carl"})).status_code == 409
    assert (await http.post(enroll, json={"userId": "nobody"})).status_code == 404
    deep = {"userId": "eve", "properties": {"a": "\0"}}
    assert (await http.post(enroll, json=deep)).status_code == 422
    url = f"/v1/admin/journeys/welcome/states/{state['id']}"
    assert (await http.delete(url)).json()["state"]["exitReason"] == "cancelled"
    assert (await http.delete(url)).json()["error"]["code"] == "conflict"
    assert (await http.post(f"{url}/retry")).status_code == 409
    assert (await http.delete(f"/v1/admin/journeys/welcome/states/{'0' * 32}")).status_code == 404


async def test_the_funnel_counts_runs(http):
    """By status, and how many came to each durable call."""
    all_ = (await http.get("/v1/admin/metrics/journeys")).json()["journeys"]
    assert [(each["journeyId"], each["counts"]["active"]) for each in all_] == [("welcome", 2)]
    await http.engine.pool.execute(
        "UPDATE journey_states SET journal = "
        """'[{"call": "sleep"}, {"call": "sleep/done"}, {"call": "mail"}]' WHERE user_id = 'ann'"""
    )
    funnel = (await http.get("/v1/admin/metrics/journeys/welcome")).json()
    assert (funnel["runs"], funnel["steps"]) == (
        2,
        [{"call": "sleep", "reached": 1}, {"call": "mail", "reached": 1}],
    )


async def test_a_bucket_is_re_evaluated_on_demand(http):
    """A job that a worker takes; it is listed, and noted in the audit log."""
    url = "/v1/admin/buckets/buyers/jobs"
    before = (await http.get(url)).json()["total"]
    made = await http.post(url)
    assert (made.status_code, made.json()["job"]["bucketId"]) == (201, "buyers")
    listed = (await http.get(url)).json()
    assert listed["total"] >= max(before, 1)
    assert (await http.get(f"{url}?offset=50")).json()["total"] == listed["total"]
    assert (await http.post("/v1/admin/buckets/nothing/jobs")).status_code == 404
    log = (await http.get("/v1/admin/audit-logs")).json()["auditLogs"]
    assert [entry["action"] for entry in log] == ["bucket.reevaluate"]


async def test_a_plan_says_what_is_still_to_be_done(http):
    """Each bucket with its members now and afterwards."""
    plan = (await http.get("/v1/admin/plan")).json()
    assert plan["contacts"] == 2
    assert [bucket["id"] for bucket in plan["buckets"]] == ["buyers", "went-quiet", "pro"]
    assert plan["buckets"][0]["membersAfter"] == 2
