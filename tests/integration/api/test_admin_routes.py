"""What operators see and do over HTTP."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from hogsend.ops.audit import list_actions
from hogsend.ops.record import Page

BATCH = [
    {"name": "buy", "userId": "ann", "email": "Ann@x.org"},
    {"name": "buy", "userId": "ann"},
    {"name": "buy", "userId": "bob"},
    {"name": "buy", "userId": "bob"},
    {"name": "seen", "userId": "eve", "timestamp": "2026-01-01T00:00:00Z"},
]


@pytest.fixture
async def busy(http):
    """Two buyers, and one who went quiet."""
    for events in (BATCH[:2], BATCH[2:]):  # users of one batch have no order among them
        answer = await http.post("/v1/events/batch", json={"events": events})
        assert answer.json()["stored"] == len(events)
    return http


async def test_buckets_are_listed_with_their_counts(busy):
    """As HTTP.md has it; a page says where it is in the whole."""
    listed = (await busy.get("/v1/admin/buckets?limit=2")).json()
    assert (listed["total"], listed["limit"], listed["offset"]) == (3, 2, 0)
    first, second = listed["buckets"]
    assert first == {
        "id": "buyers",
        "name": "Buyers",
        "description": "Who bought twice.",
        "criteriaText": first["criteriaText"],
        "enabled": True,
        "kind": "dynamic",
        "timeBased": False,
        "entryLimit": "unlimited",
        "status": {"state": "live", "progress": None, "lagSecs": None},
        "counts": {"active": 2, "left": 0},
    }
    assert (second["timeBased"], second["counts"]) == (True, {"active": 1, "left": 0})
    rest = (await busy.get("/v1/admin/buckets?offset=2")).json()
    assert [bucket["id"] for bucket in rest["buckets"]] == ["pro"]


async def test_a_bucket_is_shown_whole(busy):
    """Criteria as JSON and in English, durations, its newest members."""
    bucket = (await busy.get("/v1/admin/buckets/went-quiet")).json()["bucket"]
    assert bucket["criteria"]["operator"] == "and"
    assert bucket["criteriaText"].startswith("did seen and")
    assert (bucket["maxDwell"], bucket["minDwell"]) == ({"hours": 720}, None)
    assert bucket["reconcileJoins"] is True
    assert bucket["feedsJourneys"] == []
    assert [member["userId"] for member in bucket["recentMembers"]] == ["eve"]


async def test_a_bucket_is_paused_and_goes_on(busy):
    """Its members stay, events do nothing to it, the audit log says who did it."""
    patched = await busy.patch("/v1/admin/buckets/buyers", json={"enabled": False})
    bucket = patched.json()["bucket"]
    assert (patched.status_code, bucket["enabled"], bucket["name"]) == (200, False, "Buyers")
    for _ in range(2):
        moved = await busy.post("/v1/events", json={"name": "buy", "userId": "carl"})
        assert moved.json()["transitions"] == []
    paused = (await busy.get("/v1/admin/buckets?enabled=false")).json()
    assert [(b["id"], b["status"]["state"]) for b in paused["buckets"]] == [("buyers", "paused")]
    assert paused["buckets"][0]["counts"]["active"] == 2
    assert (await busy.patch("/v1/admin/buckets/buyers", json={"enabled": True})).status_code == 200
    assert (await busy.get("/v1/admin/buckets?enabled=false")).json()["total"] == 0
    log = (await busy.get("/v1/admin/audit-logs")).json()
    assert [(e["actor"], e["action"], e["target"]) for e in log["auditLogs"]] == [
        ("ADMIN_API_KEY", "bucket.enable", "buyers"),
        ("ADMIN_API_KEY", "bucket.disable", "buyers"),
    ]
    assert log["auditLogs"][0]["at"].endswith("Z")


async def test_members_are_listed_newest_first(busy):
    """All stays, those that last, those that ended, one user's; pages fit together."""
    url = "/v1/admin/buckets/buyers/members"
    members = (await busy.get(url)).json()["members"]
    assert [member["userId"] for member in members] == ["bob", "ann"]
    assert members[1]["userEmail"] == "Ann@x.org"
    assert members[0].keys() == {
        *("id", "userId", "userEmail", "bucketId", "status", "enteredAt", "leftAt", "expiresAt"),
        *("lastEvaluatedAt", "entryCount", "source", "reason", "context", "createdAt"),
        "updatedAt",
    }
    await busy.delete("/v1/contacts/ann")
    left = (await busy.get(url, params={"status": "left"})).json()
    assert [(m["userId"], m["reason"]) for m in left["members"]] == [("ann", "deleted")]
    assert (await busy.get(url, params={"status": "active"})).json()["total"] == 1
    assert (await busy.get(url)).json()["total"] == 2
    pages = [(await busy.get(url, params={"limit": 1, "offset": n})).json() for n in range(3)]
    assert [[m["userId"] for m in page["members"]] for page in pages] == [["bob"], ["ann"], []]
    mine = (await busy.get(url, params={"userId": "ann"})).json()
    assert (mine["total"], mine["members"][0]["status"]) == (1, "left")


async def test_a_dropped_bucket_stays_visible(busy):
    """The code has it no more; its members and counts are still there."""
    await busy.engine.pool.execute(
        "INSERT INTO bucket_configs (bucket_id, name, updated_at) VALUES ('old', 'Old', now())"
    )
    bucket = (await busy.get("/v1/admin/buckets/old")).json()["bucket"]
    assert (bucket["status"]["state"], bucket["criteria"], bucket["enabled"]) == (
        "retired",
        None,
        False,
    )
    assert (await busy.get("/v1/admin/buckets/old/members")).status_code == 200
    assert (await busy.patch("/v1/admin/buckets/old", json={"enabled": True})).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/v1/admin/buckets/buyer", None, 404, "Did you mean 'buyers'?"),
        ("GET", "/v1/admin/buckets/buyer/members", None, 404, "There is no bucket 'buyer'"),
        ("PATCH", "/v1/admin/buckets/nothing", '{"enabled": true}', 404, "There are: buyers"),
        ("PATCH", "/v1/admin/buckets/buyers", "{}", 422, "enabled: Field required"),
        ("PATCH", "/v1/admin/buckets/buyers", '{"enabled": "yes"}', 422, "enabled"),
        ("PATCH", "/v1/admin/buckets/buyers", '{"enabled": true, "x": 1}', 422, "x: Extra"),
        ("PATCH", "/v1/admin/buckets/buyers", "{", 400, "not JSON"),
        ("PATCH", "/v1/admin/buckets/buyers", "[" * 60_000, 400, "not JSON"),
        ("PATCH", "/v1/admin/buckets/buyers", b"\xff", 400, "not JSON"),
        ("PATCH", "/v1/admin/buckets/buyers", b" " * 70_000, 413, "65,536 bytes"),
        ("GET", "/v1/admin/buckets?limit=0", None, 422, "limit: "),
        ("GET", "/v1/admin/buckets?limit=101", None, 422, "limit: "),
        ("GET", "/v1/admin/buckets?limit=-1", None, 422, "limit: "),
        ("GET", "/v1/admin/buckets?limit=999999999999999999999999", None, 422, "limit"),
        ("GET", "/v1/admin/buckets?offset=-1", None, 422, "offset: "),
        ("GET", "/v1/admin/buckets?offset=1e3", None, 422, "offset"),
        ("GET", "/v1/admin/buckets?enabled=perhaps", None, 422, "enabled: "),
        ("GET", "/v1/admin/buckets/buyers/members?status=gone", None, 422, "status: "),
        ("GET", "/v1/admin/buckets/buyers/members?userId=%00", None, 422, "userId: "),
        ("GET", "/v1/admin/contacts?search=%00", None, 422, "search: "),
        ("GET", "/v1/admin/contacts/nobody", None, 404, "There is no contact 'nobody'"),
        ("GET", "/v1/contacts/%00", None, 422, "userId: "),
        ("GET", f"/v1/contacts/{'u' * 300}", None, 422, "userId: "),
        ("DELETE", "/v1/admin/api-keys/1", None, 422, "id: "),
        ("DELETE", f"/v1/admin/api-keys/{'0' * 32}", None, 404, "There is no API key"),
        ("POST", "/v1/admin/api-keys", '{"name": "x"}', 422, "scope: "),
        ("POST", "/v1/admin/api-keys", '{"name": "", "scope": "read"}', 422, "name: "),
        ("POST", "/v1/admin/api-keys", '{"name": "\\u0000", "scope": "read"}', 422, "name: "),
        ("POST", "/v1/admin/api-keys", '{"name": "\\ud800", "scope": "read"}', 400, "not JSON"),
        ("POST", "/v1/admin/api-keys", '{"name": "x", "scope": "root"}', 422, "scope: "),
        (
            "POST",
            "/v1/admin/api-keys",
            '{"name": "x", "scope": "read", "expiresAt": "0001-01-01T00:00:00+14:00"}',
            422,
            "expiresAt: ",
        ),
        ("PUT", "/v1/contacts", "{}", 422, "send userId or email"),
        ("PUT", "/v1/contacts", '{"userId": "u", "properties": {"a": 1e999}}', 422, "a: is inf"),
        ("GET", "/v1/admin/buckets/", None, 404, "no such route"),
        ("PUT", "/v1/admin/buckets", "{}", 405, "other methods"),
    ],
)
async def test_what_cannot_be_is_said(http, method, path, body, status, words):
    """A 4xx in the one shape that says what and where; nothing is written."""
    answer = await http.request(method, path, content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error.keys()) == (status, {"code", "message", "details"})
    assert words in error["message"]
    assert (await list_actions(http.engine.pool, Page())).total == 0
    assert await http.engine.pool.fetchval("SELECT count(*) FROM contacts") == 0


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE contacts; --", "%", "_", "\\", "ü", "💥", "a/b c?"]
)
async def test_any_text_is_a_value_and_nothing_else(http, text):
    """SQL, wildcards and other alphabets are stored, found and deleted as they are."""
    written = await http.put("/v1/contacts", json={"userId": text, "properties": {text: text}})
    assert written.json() == {"userId": text, "created": True, "transitions": []}
    await http.put("/v1/contacts", json={"userId": "other"})
    found = (await http.get("/v1/admin/contacts", params={"search": text})).json()
    assert [contact["userId"] for contact in found["contacts"]] == [text]
    path = f"/v1/contacts/{quote(text, safe='')}"
    assert (await http.get(path)).json()["properties"] == {text: text}
    assert (await http.delete(path)).status_code == 200
    assert (await http.get(path)).status_code == 404


async def test_a_contact_is_written_read_and_deleted(http):
    """Properties merge, null clears, memberships follow; the deletion is in the audit log."""
    item = {"userId": "ann", "email": "ann@x.org", "properties": {"plan": "pro", "seats": 3}}
    first = await http.put("/v1/contacts", json=item)
    assert first.json() == {
        "userId": "ann",
        "created": True,
        "transitions": [{"bucketId": "pro", "transition": "entered"}],
    }
    shown = (await http.get("/v1/contacts/ann")).json()
    assert (shown["email"], shown["properties"]) == ("ann@x.org", {"plan": "pro", "seats": 3})
    assert shown["buckets"] == ["pro"]
    cleared = await http.put("/v1/contacts", json={"userId": "ann", "properties": {"plan": None}})
    assert cleared.json() == {
        "userId": "ann",
        "created": False,
        "transitions": [{"bucketId": "pro", "transition": "left"}],
    }
    picture = (await http.get("/v1/admin/contacts/ann")).json()["contact"]
    assert (picture["properties"], picture["buckets"]) == ({"seats": 3}, [])
    assert [(m["bucketId"], m["reason"]) for m in picture["memberships"]] == [("pro", "criteria")]
    gone = await http.delete("/v1/contacts/ann")
    assert gone.json() == {"userId": "ann", "deleted": True, "erased": False}
    assert (await http.delete("/v1/contacts/ann")).status_code == 404
    log = await list_actions(http.engine.pool, Page())
    assert [(entry.action, entry.target) for entry in log.audit_logs] == [("contact.delete", "ann")]


async def test_to_erase_leaves_no_trace_even_after_a_deletion(http):
    """Not in the log, nor in the audit log; a second time there is nothing left."""
    await http.post("/v1/events", json={"name": "buy", "userId": "ann"})
    assert (await http.delete("/v1/contacts/ann")).status_code == 200
    assert (await http.delete("/v1/contacts/ann?erase=true")).json()["erased"] is True
    for table in ("contacts", "user_events", "bucket_memberships"):
        assert await http.engine.pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert (await http.delete("/v1/contacts/ann?erase=true")).status_code == 404
    entry = (await list_actions(http.engine.pool, Page())).audit_logs[0]
    assert (entry.action, entry.target) == ("contact.erase", "(erased)")


async def test_contacts_are_found_by_how_they_begin(http):
    """The user id as it is, the address in any case; in order of user id, in pages."""
    for user, email in (
        ("ann", "zoe@x.org"),
        ("bob", "Ann@y.org"),
        ("carl", None),
        ("anton", None),
    ):
        await http.put("/v1/contacts", json={"userId": user, "email": email})

    async def found(**params):
        listed = (await http.get("/v1/admin/contacts", params=params)).json()
        assert listed["totalCapped"] is False
        return [contact["userId"] for contact in listed["contacts"]], listed["total"]

    assert await found() == (["ann", "anton", "bob", "carl"], 4)
    assert await found(search="an") == (["ann", "anton", "bob"], 3)
    assert await found(search="an", limit=1, offset=1) == (["anton"], 3)
    assert await found(search="AN") == (["bob"], 1)
    assert await found(search="ZOE@x.org") == (["ann"], 1)


async def test_a_key_is_made_used_and_revoked(http):
    """It is shown once; the audit log names it, without its secret."""
    order = {"name": "deploy", "scope": "read", "expiresAt": "2999-01-01T00:00:00Z"}
    answer = await http.post("/v1/admin/api-keys", json=order)
    made = answer.json()
    assert (answer.status_code, made["apiKey"]["expiresAt"]) == (201, "2999-01-01T00:00:00.000Z")
    assert made["key"].startswith(made["apiKey"]["prefix"])
    mine = {"Authorization": f"Bearer {made['key']}"}
    assert (await http.get("/v1/admin/buckets", headers=mine)).status_code == 200
    listed = (await http.get("/v1/admin/api-keys")).json()
    assert listed["total"] == 1
    assert made["key"] not in str(listed)
    url = f"/v1/admin/api-keys/{made['apiKey']['id']}"
    first, second = (await http.delete(url)).json(), (await http.delete(url)).json()
    assert first["apiKey"]["revokedAt"] == second["apiKey"]["revokedAt"] is not None
    assert (await http.get("/v1/admin/buckets", headers=mine)).status_code == 401
    log = (await http.get("/v1/admin/audit-logs")).json()["auditLogs"]
    assert [entry["action"] for entry in log] == ["api-key.revoke", "api-key.create"]
    assert log[0]["detail"] == {
        "name": "deploy",
        "prefix": made["apiKey"]["prefix"],
        "scope": "read",
    }
