"""No route without a key: who is let in, who is not, and what they are told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from tests.integration.api.conftest import ADMIN_KEY, calling, make_buckets, make_settings

from hogsend.api.openapi import operations
from hogsend.app.client import create_client
from hogsend.asgi import create_app
from hogsend.ops.keys import Scope, create_key, list_keys, revoke_key
from hogsend.ops.record import Page

NOW = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = {("GET", "/v1/health"), ("GET", "/v1/health/live")}


async def make_key(client, scope, *, expires_at=None):
    return await create_key(
        client.engine.pool,
        name=str(scope),
        scope=scope,
        expires_at=expires_at,
        actor="test",
        now=client.clock.now(),
    )


WEBHOOK = ("POST", "/v1/webhooks/{source}")


def requests_of(app):
    """One request for each operation of the document, with something in its path."""
    for method, path, operation in operations(app.openapi()):
        yield method, path.replace("{userId}", "ada").replace("{id}", "buyers"), operation


async def answers_of(app, key, address):
    """What each operation answers to an empty request with ``key``."""
    async with calling(app, key, address) as http:
        return {
            (method, path): await http.request(method, path) for method, path, _ in requests_of(app)
        }


async def test_every_route_is_closed_to_every_key_that_is_not_good(app, client):
    """No key, a wrong one, a revoked and an expired one: 401 in the one shape, all but health and mail's links."""
    now = client.clock.now()
    revoked = await make_key(client, Scope.FULL_ADMIN)
    await revoke_key(client.engine.pool, revoked.api_key.id, actor="test", now=now)
    expired = await make_key(client, Scope.FULL_ADMIN, expires_at=now - timedelta(seconds=1))
    keys = {"none": None, "wrong": "hog_wrong", "revoked": revoked.key, "expired": expired.key}
    for number, (kind, key) in enumerate(keys.items()):
        for place, (request, answer) in enumerate(
            (await answers_of_each(app, key, number)).items()
        ):
            if request == WEBHOOK:  # signatures are its keys; here is no source
                assert answer.status_code == 404, kind
                continue
            if request in OPEN:
                assert answer.status_code == 200, (kind, request)
                continue
            assert answer.status_code == 401, (kind, request, place)
            assert answer.json()["error"]["code"] == "unauthorized"
            assert answer.headers["WWW-Authenticate"] == "Bearer"


async def answers_of_each(app, key, number):
    """As ``answers_of``, from a new address each time: bad keys are counted by address."""
    answers = {}
    for place, (method, path, _) in enumerate(requests_of(app)):
        async with calling(app, key, f"10.0.{number}.{place}") as http:
            answers[method, path] = await http.request(method, path)
    return answers


@pytest.mark.parametrize("scope", Scope)
async def test_a_scope_opens_what_it_implies_and_nothing_else(app, client, scope):
    """403 where the operation says that it takes more; elsewhere anything but 401 and 403."""
    key = (await make_key(client, scope)).key
    answers = await answers_of(app, key, "10.0.0.1")
    for method, path, operation in requests_of(app):
        needed = operation.get("x-scope")
        status = answers[method, path].status_code
        if needed is None or scope.allows(Scope(needed)):
            assert status not in {401, 403}, (method, path, status)
        else:
            assert status == 403, (method, path, status)
            assert needed in answers[method, path].json()["error"]["message"]


def test_the_scopes_imply_each_other_as_documented():
    """Read < journey-admin < full-admin; full-admin alone implies ingest."""
    implied = {scope: {str(s) for s in Scope if scope.allows(s)} for scope in Scope}
    assert implied == {
        Scope.INGEST: {"ingest"},
        Scope.READ: {"read"},
        Scope.JOURNEY_ADMIN: {"read", "journey-admin"},
        Scope.FULL_ADMIN: {"ingest", "read", "journey-admin", "full-admin"},
    }


async def test_what_is_no_route_is_closed_too(app, client):
    """So nobody finds out which routes there are; with a key it is a 404."""
    async with calling(app, None) as http:
        for path in ("/v1/nothing", "/v1/admin", "/v1/admin/nothing", "/v1", "/metrics"):
            assert (await http.get(path)).status_code == 401
        assert (await http.get("/nothing")).json()["error"]["code"] == "not_found"
    async with calling(app) as http:
        answer = await http.get("/v1/admin/nothing")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_a_revoked_key_is_refused_at_once_by_every_process(app, client, database):
    """Another process revokes it; the next request here gets 401."""
    made = await make_key(client, Scope.READ)
    other = create_client(buckets=make_buckets(), settings=make_settings(database))
    async with other, calling(app, made.key) as http:
        assert (await http.get("/v1/admin/buckets")).status_code == 200
        await revoke_key(other.engine.pool, made.api_key.id, actor="test", now=other.clock.now())
        assert (await http.get("/v1/admin/buckets")).status_code == 401


async def test_without_any_key_admin_routes_say_what_to_do(database):
    """503 and how to make a key; the data plane is closed. A usable key ends it."""
    client = create_client(buckets=make_buckets(), settings=make_settings(database))
    async with client, calling(create_app(client), None) as http:
        answer = await http.get("/v1/admin/buckets")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "no_key_configured")
        assert "hogsend keys create" in answer.json()["error"]["message"]
        assert int(answer.headers["Retry-After"]) > 0
        assert (await http.post("/v1/events")).status_code == 401
        await make_key(client, Scope.READ)
        assert (await http.get("/v1/admin/buckets")).status_code == 401


async def test_too_many_bad_keys_close_the_gate_to_that_address(app, client):
    """429 with Retry-After, also for a key that is good; others, and keys seen before, go on."""
    good, late = await make_key(client, Scope.READ), await make_key(client, Scope.READ)
    async with calling(app, good.key, "10.2.0.1") as http:
        assert (await http.get("/v1/admin/buckets")).status_code == 200
        statuses = []
        while 429 not in statuses:
            assert len(statuses) < 2_000
            bad = {"Authorization": f"Bearer {len(statuses)}"}
            statuses.append((await http.get("/v1/admin/buckets", headers=bad)).status_code)
        assert len(statuses) > 300
        assert set(statuses) == {401, 429}
        assert (await http.get("/v1/admin/buckets")).status_code == 200
        refused = await http.get(
            "/v1/admin/buckets", headers={"Authorization": f"Bearer {late.key}"}
        )
        assert refused.json()["error"]["code"] == "too_many_bad_keys"
        assert 0 < int(refused.headers["Retry-After"]) <= 60
    async with calling(app, late.key, "10.1.1.1") as http:
        assert (await http.get("/v1/admin/buckets")).status_code == 200


async def test_admin_requests_are_counted_by_key(database):
    """Every answer says what is left; one too many gets 429. The data plane has no such limit."""
    client = create_client(
        buckets=make_buckets(),
        settings=make_settings(database, admin_api_key=SecretStr(ADMIN_KEY), admin_rate_limit=3),
    )
    async with client, calling(create_app(client)) as http:
        answers = [await http.get("/v1/admin/buckets") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        left = [answer.headers["RateLimit-Remaining"] for answer in answers]
        assert left == ["2", "1", "0", "0"]
        assert answers[0].headers["RateLimit-Limit"] == "3"
        assert 0 < int(answers[3].headers["RateLimit-Reset"]) <= 60
        assert 0 < int(answers[3].headers["Retry-After"]) <= 60
        event = await http.post("/v1/events", json={"name": "x", "userId": "u"})
        assert event.status_code == 202
        assert "RateLimit-Limit" not in event.headers


async def test_answers_carry_careful_headers_and_no_cors(http):
    """Also errors; nothing lets another site's script read an answer."""
    for path in ("/v1/admin/buckets", "/nothing", "/v1/health"):
        answer = await http.get(path, headers={"Origin": "https://evil.example"})
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert not [name for name in answer.headers if name.startswith("access-control")]
    answer = await http.options("/v1/events", headers={"Origin": "https://evil.example"})
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


async def test_the_use_of_a_key_is_noted_to_the_minute(app, client):
    """The first use is; the next within a minute writes nothing."""
    made = await make_key(client, Scope.READ)
    async with calling(app, made.key) as http:
        used = []
        for _ in range(2):
            assert (await http.get("/v1/admin/buckets")).status_code == 200
            listed = await list_keys(client.engine.pool, Page())
            used.append(listed.api_keys[0].last_used_at)
    assert used[0] is not None
    assert used[0] == used[1]


async def test_keys_and_secrets_stay_out_of_the_database_and_the_log(app, client, capsys):
    """The table has a hash and ten characters; the log has neither key nor attempt."""
    made = await make_key(client, Scope.READ)
    async with calling(app, f"{made.key}x") as http:
        await http.get("/v1/admin/buckets")
    row = dict(await client.engine.pool.fetchrow("SELECT * FROM api_keys"))
    assert made.key not in str(row)
    assert row["prefix"] == made.key[:10]
    shown = "".join(capsys.readouterr())
    assert "key.refused" in shown
    assert made.key[:12] not in shown
    assert ADMIN_KEY not in f"{client.settings!r}{shown}"


async def test_a_database_that_is_gone_is_no_reason_to_let_anybody_in(app, client):
    """503; the key of the environment needs no database."""
    made = await make_key(client, Scope.READ)
    await client.engine.pool.close()
    async with calling(app, made.key) as http:
        answer = await http.get("/v1/admin/buckets")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
        assert "Retry-After" in answer.headers
