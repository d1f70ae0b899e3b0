"""People, journeys, events, mail and records as Studio answers them, without a browser."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr
from tests.integration.api.conftest import ADMIN_KEY, make_settings
from tests.studio.conftest import browsing, make_key, sign_in
from tests.world import START

from hogsend import days, define_bucket, define_journey, send_email
from hogsend.app.client import create_client
from hogsend.app.virtual import TimeMachine
from hogsend.asgi import create_app
from hogsend.clock import VirtualClock
from hogsend.ops.keys import Scope

_LETTER = """<mjml><mj-head><mj-title>Hello</mj-title></mj-head><mj-body><mj-section><mj-column>
<mj-text>Read <a href="{{ unsubscribe_url }}">me</a></mj-text>
<mj-image src="https://example.com/spy.png" /></mj-column></mj-section></mj-body></mjml>"""


class BrokenError(Exception):
    """What a journey meets."""


@pytest.fixture
async def town(database, tmp_path):
    """Ann is in a bucket that she will leave, her journey failed and then got mail through."""
    (tmp_path / "hello.mjml").write_text(_LETTER)
    broken = [True]

    def fetch():
        if broken:
            raise BrokenError("the other side is down")
        return 7

    @define_journey(id="welcome", name="Welcome", trigger="came")
    async def welcome(user, ctx):
        await ctx.step("fetch", fetch)
        await send_email(template="hello", subject="Hello")
        await ctx.sleep(days(3))

    active = define_bucket(
        id="active", name="Active", criteria=lambda b: b.event("came").within(days(7)).exists()
    )
    clock = VirtualClock(START)
    client = create_client(
        buckets=[active],
        journeys=[welcome],
        templates=tmp_path,
        settings=make_settings(database, admin_api_key=SecretStr(ADMIN_KEY)),
        clock=clock,
    )
    async with client:
        app = create_app(client)
        async with browsing(app) as browser, browsing(app) as api:
            api.headers["Authorization"] = f"Bearer {ADMIN_KEY}"
            event = {"name": "came", "userId": "ann", "email": "ann@example.com"}
            await api.post("/v1/events", json=event | {"eventProperties": {"from": "<b>ads</b>"}})
            time = TimeMachine(client.engine, clock)
            await time.advance_to(START + days(2))
            await sign_in(browser)
            browser.api, browser.time, browser.broken, browser.app = api, time, broken, app
            browser.client = client
            yield browser


async def text_of(browser, path):
    answer = await browser.get(f"/studio{path}")
    assert answer.status_code == 200, answer.text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", answer.text))


async def test_a_person_is_explained(town):
    """In since when, why, and when they leave; what happened; what waits. Like the API says it."""
    text = await text_of(town, "/people/ann")
    reason = (await town.api.get("/v1/admin/buckets/active/explain?userId=ann")).json()["reason"]
    assert f"In since 2026-01-01 00:00:00 UTC, because {reason}." in text
    assert "Leaves 2026-01-08 00:00:00 UTC (2026-01-08 00:00:00 UTC), unless" in text
    for part in ("In 1 bucket", "ann@example.com", "Joined Active", "Began Welcome", "failed"):
        assert part in text
    why = await text_of(town, "/why?user=ann%40example.com&bucket=active")
    assert "ann has been in Active since 2026-01-01 00:00:00 UTC, because" in why
    assert "If nothing happens, ann leaves in 5 days (2026-01-08 00:00:00 UTC)." in why
    await town.time.advance_to(START + days(8))
    await sign_in(town)
    assert "In no bucket" in (text := await text_of(town, "/people/ann"))
    assert "Left Active" in text
    assert (await town.get("/studio/people/nobody")).status_code == 404
    assert "ann@example.com" in await text_of(town, "/people?q=AN")
    assert "Nobody begins with" in await text_of(town, "/people?q=x")


async def test_what_people_send_is_shown_as_text(town):
    """Markup in a property stays text, on every page that shows it."""
    for path in ("/people/ann", "/events", "/events?q=ann&event=came"):
        page = (await town.get(f"/studio{path}")).text
        assert "&lt;b&gt;ads" in page
        assert "<b>ads" not in page


async def test_a_failed_run_is_tried_again_and_another_cancelled(town):
    """The traceback is there; retried, the run goes on; both are in the audit log; readers may not."""
    page = (await town.get("/studio/journeys/welcome?show=failed")).text
    path = re.search(r"/studio(/journeys/welcome/runs/[0-9a-f-]+)", page)[1]
    text = await text_of(town, path)
    assert "It failed" in text
    assert "BrokenError: the other side is down" in text
    assert "Traceback (most recent call last)" in text
    async with browsing(town.app) as reader:
        await sign_in(reader, (await make_key(town.client, Scope.READ)).key)
        assert (await reader.post(f"/studio{path}/retry")).status_code == 403
        assert "disabled" in (await reader.get(f"/studio{path}")).text
    town.broken.clear()
    assert (await town.post(f"/studio{path}/retry")).status_code == 303
    await town.time.settle_runs()
    text = await text_of(town, path)
    assert "goes on where it failed" in text
    assert "Sleeps until 2026-01-06 00:00:00 UTC" in text
    assert (await town.post(f"/studio{path}/cancel")).status_code == 303
    assert "Exited because of cancelled" in await text_of(town, path)
    assert (await town.post(f"/studio{path}/cancel")).status_code == 409
    audit = await text_of(town, "/audit")
    assert "journey.cancel" in audit
    assert "journey.retry" in audit
    counts = (await town.api.get("/v1/admin/journeys/welcome")).json()["journey"]["counts"]
    assert (counts["exited"], counts["failed"]) == (1, 0)
    assert "Exited 1" in await text_of(town, "/journeys/welcome")


async def test_a_mail_may_do_nothing(town):
    """It is shown in a frame without scripts, from a route that lets it load nothing of others."""
    town.broken.clear()
    await town.api.post("/v1/events", json={"name": "came", "userId": "bob", "email": "b@x.org"})
    await town.time.settle_runs()
    listed = (await town.get("/studio/mail?show=sent&user=bob")).text
    path = re.search(r"/studio(/mail/[0-9a-f-]+)", listed)[1]
    page = (await town.get(f"/studio{path}")).text
    assert re.search(rf'<iframe [^>]*src="/studio{path}/body" sandbox ', page)
    body = await town.get(f"/studio{path}/body")
    assert "spy.png" in body.text
    policy = body.headers["Content-Security-Policy"].split("; ")
    assert {"default-src 'none'", "img-src data:", "frame-ancestors 'self'", "sandbox"} <= set(
        policy
    )
    assert not any("script" in part or "http" in part for part in policy)
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "No such mail" in await text_of(town, "/mail?show=failed")


async def test_a_journey_is_paused_and_goes_on(town):
    """Behind a dialog that says what stops; the list and the API say so."""
    assert "1 run" in await text_of(town, "/journeys/welcome")
    assert (await town.post("/studio/journeys/welcome/pause")).status_code == 303
    assert "Welcome is paused." in (text := await text_of(town, "/journeys/welcome"))
    assert "Resume Welcome?" in text
    assert (await town.api.get("/v1/admin/journeys/welcome")).json()["journey"]["state"] == "paused"
    await town.post("/studio/journeys/welcome/resume")
    assert "Welcome runs again." in await text_of(town, "/journeys/welcome")


@pytest.mark.parametrize("path", ["/people", "/journeys", "/events", "/mail", "/jobs", "/audit"])
async def test_without_a_session_nothing_is_shown(app, path):
    """Every area leads to the door."""
    async with browsing(app) as stranger:
        answer = await stranger.get(f"/studio{path}")
    assert (answer.status_code, answer.headers["Location"]) == (
        303,
        f"/studio/sign-in?next=%2F{path[1:]}",
    )
