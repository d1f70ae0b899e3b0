"""The data plane over HTTP: what is taken, what is refused, and in which shape."""

from __future__ import annotations

import json
import re

import pytest


def event(**fields):
    return {"name": "buy", "userId": "ann", **fields}


async def test_an_event_answers_with_what_it_moved(http):
    """202, whether it was stored, and the transitions it caused."""
    first = await http.post("/v1/events", json=event())
    assert (first.status_code, first.json()) == (
        202,
        {"stored": True, "exits": [], "transitions": []},
    )
    second = await http.post("/v1/events", json=event())
    assert second.json()["transitions"] == [{"bucketId": "buyers", "transition": "entered"}]


async def test_the_header_is_the_key_that_counts(http):
    """``Idempotency-Key`` wins over the body's; the second time nothing is stored."""
    headers = {"Idempotency-Key": "k1"}
    answers = [
        (await http.post("/v1/events", json=event(idempotencyKey=key), headers=headers)).json()
        for key in ("a", "b")
    ]
    assert [answer["stored"] for answer in answers] == [True, False]


async def test_bad_items_of_a_batch_are_refused_alone(http):
    """Each refused item says why; the others are stored, and everything is counted."""
    items = [
        json.dumps(event(idempotencyKey="k")),
        json.dumps(event(idempotencyKey="k")),
        json.dumps({"name": "buy"}),
        json.dumps(event(name="bucket:entered")),
        '{"name": "buy", "userId": "ann", "eventProperties": {"a": NaN}}',
        '{"name": "buy", "userId": "ann", "eventProperties": {"a": 1e400}}',
        '{"name": "buy", "userId": "ann", "eventProperties": {"a": "\\ud800"}}',
        '{"name": "buy", "userId": "a\\u0000b"}',
        json.dumps(event(timestamp="2999-01-01T00:00:00Z")),
        json.dumps(event(eventProperties={"big": "x" * 2_000_000})),
        json.dumps(event(userId="u" * 10_000)),
        "3",
        json.dumps(event(userId="bob")),
    ]
    body = '{"events": [' + ",".join(items) + "]}"
    answer = (await http.post("/v1/events/batch", content=body)).json()
    assert (answer["stored"], answer["duplicates"], answer["rejected"]) == (2, 1, 10)
    faults = [result.get("error", {}).get("field") for result in answer["results"]]
    assert faults == [
        None,
        None,
        "userId",
        "name",
        "eventProperties.a",
        "eventProperties.a",
        "eventProperties.a",
        "userId",
        "timestamp",
        "eventProperties",
        "userId",
        "body",
        None,
    ]
    assert all("message" in r["error"] for r in answer["results"] if "error" in r)


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "words"),
    [
        ("/v1/events", "{", 400, "malformed", "not JSON"),
        ("/v1/events", "[" * 100_000, 400, "malformed", "nested too deeply"),
        ("/v1/events", b"\xff\xfe", 400, "malformed", "not JSON"),
        ("/v1/events", "[]", 422, "invalid_value", "must be a JSON object"),
        ("/v1/events", '{"name": "x"}', 422, "invalid_value", "send userId or email"),
        ("/v1/events/batch", "{}", 422, "invalid_value", 'send {"events": [...]}'),
        ("/v1/events/batch", json.dumps({"events": [0] * 1001}), 422, "invalid_value", "1,000"),
        ("/v1/events", b"x" * (1024 * 1024 + 1), 413, "too_large", "1,048,576 bytes"),
        ("/v1/events/batch", b"x" * (32 * 1024 * 1024 + 1), 413, "too_large", "33,554,432 bytes"),
        ("/v1/nothing", "{}", 404, "not_found", "Not Found"),
    ],
)
async def test_errors_have_one_shape(http, path, body, status, code, words):
    """Status, code, and a message that says what to do; nothing is stored."""
    answer = await http.post(path, content=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert words in error["message"]
    assert isinstance(error["details"], list)
    assert await http.engine.pool.fetchval("SELECT count(*) FROM user_events") == 0


async def test_a_wrong_method_is_said(http):
    """405 in the same shape."""
    answer = await http.get("/v1/events")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")


async def test_health_tells_the_lag(http):
    """Ready, with how long the oldest due timer has been waiting."""
    answer = await http.get("/v1/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": "ok",
        "migrations": "ok",
        "registered": True,
        "workers": 0,
        "workerSeenAt": None,
        "pumpLagSecs": 0.0,
        "error": None,
    }


async def test_without_a_database_nothing_is_acknowledged(http):
    """The connection is gone: 503 with Retry-After, and health says so."""
    await http.engine.pool.close()
    answer = await http.post("/v1/events", json=event())
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1"), answer.text
    assert answer.json()["error"]["code"] == "unavailable"
    assert (await http.get("/v1/health")).status_code == 503


async def test_the_openapi_document_has_the_criteria_language(http):
    """Every reference of the published schema leads somewhere in the document."""
    document = (await http.get("/openapi.json")).json()
    references = set(
        re.findall(r'"\$ref": "(#/components/schemas/Criteria[^"]*)"', json.dumps(document))
    )
    assert len(references) > 10
    for reference in references:
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
