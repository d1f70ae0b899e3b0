"""Who gets into Studio, for how long, and what no other site can do in their name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from pydantic import SecretStr
from tests.integration.api.conftest import ADMIN_KEY, make_buckets, make_settings
from tests.studio.conftest import browsing, make_key, sign_in

from hogsend.app.client import create_client
from hogsend.asgi import create_app
from hogsend.clock import VirtualClock
from hogsend.ops.callers import Callers
from hogsend.ops.keys import Scope, revoke_key
from hogsend.ops.sessions import LINK, SESSION, Sessions
from hogsend.studio.app import create_studio


def studio_routes(client):
    """Method and path of every route, with something in its path."""
    for route in create_studio(client, Callers(client)).routes:
        if isinstance(route, APIRoute):
            path = route.path.format(**dict.fromkeys(route.param_convertors, "buyers"))
            yield from ((method, "/studio" + path) for method in route.methods)


async def test_every_page_but_the_door_is_closed(client, app):
    """Without a session each GET leads to the form, and each POST does nothing but that."""
    async with browsing(app) as browser:
        for method, path in studio_routes(client):
            if "/sign-" in path:
                continue
            answer = await browser.request(method, path)
            assert answer.status_code == 303, (method, path)
            assert answer.headers["location"].startswith("/studio/sign-in"), (method, path)
        polled = await browser.get("/studio/overview/now", headers={"HX-Request": "true"})
    assert polled.status_code == 401
    assert polled.headers["hx-redirect"] == "/studio/sign-in?ended=1"


async def test_a_key_opens_a_session_and_signing_out_ends_it(client, app):
    """The cookie is for Studio alone and no script reads it; once signed out it opens nothing."""
    async with browsing(app) as browser:
        asked = await browser.get("/studio/?page=2")
        assert asked.headers["location"] == "/studio/sign-in"
        entered = await sign_in(browser, next="/buckets?q=x")
        assert (entered.status_code, entered.headers["location"]) == (303, "/studio/buckets?q=x")
        cookie = entered.headers["set-cookie"]
        assert {"HttpOnly", "Path=/studio", "SameSite=lax", "Max-Age=43200"} <= set(
            cookie.split("; ")
        )
        assert "Secure" not in cookie
        token = browser.cookies["hogsend_studio"]
        assert (await browser.get("/studio/")).status_code == 200
        assert (await browser.get("/studio/sign-in")).headers["location"] == "/studio/"
        await browser.post("/studio/sign-out")
        assert "hogsend_studio" not in browser.cookies
        browser.cookies.set("hogsend_studio", token)
        assert (await browser.get("/studio/")).status_code == 303
    [(actor, action)] = await client.engine.pool.fetch("SELECT actor, action FROM audit_logs")
    assert (actor, action) == ("ADMIN_API_KEY", "studio.sign-in")


async def test_over_https_the_cookie_goes_nowhere_else(client, app):
    """Also behind a proxy that ends TLS, if PUBLIC_URL says so."""
    async with browsing(app, base_url="https://test") as browser:
        assert "Secure" in (await sign_in(browser)).headers["set-cookie"]
    client.settings = client.settings.model_copy(update={"public_url": "https://in.test"})
    async with browsing(create_app(client), base_url="http://in.test") as browser:
        answer = await sign_in(browser)
        assert "Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    "next_", ["//evil.test/", "https://evil.test/", "/\\evil.test", "evil", ""]
)
async def test_signing_in_leads_nowhere_else(app, next_):
    """Wherever a link says to go on to, it is a page of Studio."""
    async with browsing(app) as browser:
        answer = await sign_in(browser, next=next_)
    assert answer.headers["location"] == "/studio/"


@pytest.mark.parametrize(
    ("key", "status", "says"),
    [
        ("hog_wrong", 401, "unknown, expired or revoked"),
        ("", 422, "Enter an API key"),
        ("x" * 600, 422, "Enter an API key"),
        ("<script>alert(1)</script>", 401, "unknown"),
    ],
)
async def test_a_wrong_key_is_told_so(app, key, status, says):
    """The form again, with the reason; what was typed is not on it."""
    async with browsing(app) as browser:
        answer = await sign_in(browser, key)
        assert answer.status_code == status
        assert says in answer.text
        assert key == "" or key not in answer.text
        assert "hogsend_studio" not in browser.cookies


async def test_a_key_for_events_opens_nothing(client, app):
    """Studio takes ``read`` or above, and says so."""
    key = await make_key(client, Scope.INGEST)
    async with browsing(app) as browser:
        answer = await sign_in(browser, key.key)
    assert answer.status_code == 403
    assert "scope ingest" in answer.text


async def test_without_any_key_the_form_says_how_to_make_one(database):
    """There is nothing to type yet."""
    made = create_client(buckets=make_buckets(), settings=make_settings(database))
    async with made as client, browsing(create_app(client)) as browser:
        answer = await sign_in(browser, "anything")
    assert "hogsend keys create --scope full-admin" in answer.text


async def test_guessing_is_slowed_down(app):
    """Ten wrong keys at once from one address, then it has to wait; others do not."""
    async with browsing(app, address="10.0.0.1") as browser:
        statuses = [(await sign_in(browser, f"hog_{number}")).status_code for number in range(12)]
        right = await sign_in(browser)
    assert statuses == [401] * 10 + [429] * 2
    assert right.status_code == 429
    async with browsing(app, address="10.0.0.2") as browser:
        assert (await sign_in(browser)).status_code == 303


async def test_a_session_ends_with_its_key(client, app):
    """Revoked or expired: at the next request, without anybody signing out."""
    now = client.clock.now()
    for end in ("revoked", "expired"):
        key = await make_key(client, Scope.READ)
        async with browsing(app) as browser:
            await sign_in(browser, key.key)
            assert (await browser.get("/studio/")).status_code == 200
            if end == "revoked":
                await revoke_key(client.engine.pool, key.api_key.id, actor="test", now=now)
            else:
                await client.engine.pool.execute(
                    "UPDATE api_keys SET expires_at = $1 WHERE id = $2", now, key.api_key.id
                )
            assert (await browser.get("/studio/")).status_code == 303, end


async def test_a_session_ends_when_the_environments_key_is_another(client, app, database):
    """A leaked ADMIN_API_KEY is replaced, and whoever got in with it is out."""
    async with browsing(app) as browser:
        await sign_in(browser)
        token = browser.cookies["hogsend_studio"]
    settings = make_settings(database, admin_api_key=SecretStr("another-admin-key"))
    made = create_client(buckets=make_buckets(), settings=settings)
    async with made as other, browsing(create_app(other)) as browser:
        browser.cookies.set("hogsend_studio", token)
        assert (await browser.get("/studio/")).status_code == 303


async def test_sessions_are_known_to_every_process_and_end_after_their_time(client):
    """Rows, not memory: another process knows it, until 12 hours have passed."""
    clock = client.clock = VirtualClock(client.clock.now())
    one, other = (Sessions(client, Callers(client)) for _ in range(2))
    token = await one.open(Callers(client).environment)
    clock.set(clock.now() + SESSION - timedelta(seconds=1))
    assert (await other.find(token)).actor == "ADMIN_API_KEY"
    clock.set(clock.now() + timedelta(seconds=1))
    assert await other.find(token) is None
    await one.open(Callers(client).environment)
    assert await client.engine.pool.fetchval("SELECT count(*) FROM studio_sessions") == 1


async def test_a_link_opens_one_session_within_its_time(client, app):
    """Whoever comes second, or too late, is asked for a key; a link is no session."""
    sessions = Sessions(client, Callers(client))
    token = await sessions.make_link()
    async with browsing(app) as browser:
        browser.cookies.set("hogsend_studio", token)
        assert (await browser.get("/studio/")).status_code == 303
        browser.cookies.clear()
        assert (await browser.get(f"/studio/sign-in/{token}")).status_code == 303
        assert (await browser.get("/studio/")).status_code == 200
    async with browsing(app) as browser:
        again = await browser.get(f"/studio/sign-in/{token}")
    assert again.status_code == 401
    assert "This link was used" in again.text
    late = await sessions.make_link()
    client.clock = VirtualClock(client.clock.now() + LINK)
    assert await Sessions(client, Callers(client)).redeem(late) is None


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://test"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "HX-Request": "true", "Origin": "http://test"},
    ],
)
async def test_other_sites_change_nothing(client, app, headers):
    """Neither in the name of who is signed in, nor by signing them in as somebody else."""
    async with browsing(app) as browser:
        await sign_in(browser)
        answer = await browser.post("/studio/sign-out", headers=headers)
        assert answer.status_code == 403
        assert "another site" in answer.text
        assert (await browser.get("/studio/")).status_code == 200
    async with browsing(app) as browser:
        answer = await browser.post("/studio/sign-in", data={"key": ADMIN_KEY}, headers=headers)
        assert answer.status_code == 403


async def test_what_says_nothing_of_its_origin_changes_nothing(app):
    """No browser is silent about it."""
    async with browsing(app) as browser:
        del browser.headers["origin"]
        assert (await sign_in(browser)).status_code == 403


async def test_pages_load_nothing_of_others_and_run_nothing_inline(app):
    """The policy allows our own files only; nothing is kept but the files, which are for good."""
    async with browsing(app) as browser:
        await sign_in(browser)
        page = await browser.get("/studio/")
        policy = dict(
            part.strip().split(" ", 1)
            for part in page.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert "unsafe" not in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["x-frame-options"] == "DENY"
        [style] = [part for part in page.text.split('"') if part.endswith("studio.css")]
        file = await browser.get(style)
        assert "immutable" in file.headers["cache-control"]
        assert (await browser.get("/studio/static/old/studio.css")).headers[
            "cache-control"
        ] == "no-cache"
        assert (await browser.get("/studio/static/x/..%2f..%2fapp.py")).status_code == 404


async def test_what_is_not_there_is_a_page_too(app):
    """With the way back."""
    async with browsing(app) as browser:
        answer = await browser.get("/studio/nothing")
        assert answer.status_code == 404
        assert "There is no such page" in answer.text


async def test_a_form_that_is_too_long_is_refused(app):
    """Before it fills the memory."""
    async with browsing(app) as browser:
        answer = await browser.post("/studio/sign-in", content=b"key=" + b"x" * 20_000)
    assert answer.status_code == 422
