"""Webhooks that come in: accepted once, refused without a trace."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
import time

import pytest
from tests import webhook_payloads as payloads
from tests.integration.api.conftest import calling, make_buckets, make_settings

from hogsend import (
    Ignored,
    create_app,
    create_client,
    define_webhook_source,
    posthog_source,
    segment_source,
    stripe_source,
)
from hogsend.errors import DefinitionError

SECRET = "a-shared-secret"


def posthog(body):
    return {"X-Webhook-Secret": SECRET}


def posthog_bearer(body):
    return {"Authorization": f"Bearer {SECRET}"}


def segment(body):
    return {"X-Signature": hmac.new(SECRET.encode(), body, hashlib.sha1).hexdigest()}


def stripe(body, age=0, extra=""):
    stamp = int(time.time()) - age
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={stamp}{extra},v0={signed[::-1]},v1={signed}"}


SIGN = {"posthog": posthog, "segment": segment, "stripe": stripe}

ACCEPTED = [
    ("posthog", payloads.POSTHOG_EVENT, "max", "paid_bill"),
    ("posthog", payloads.POSTHOG_SET, "max", "posthog.set"),
    ("posthog", payloads.POSTHOG_ACTION, "max", "signed_up"),
    ("posthog", payloads.POSTHOG_PERSON, "max", None),
    ("posthog", payloads.POSTHOG_COHORT, "max", "posthog.cohort_entered"),
    ("segment", payloads.SEGMENT_TRACK, "AiUGstSDIg", "Course Clicked"),
    ("segment", payloads.SEGMENT_IDENTIFY, "97980cfea0067", "segment.identify"),
    ("stripe", payloads.STRIPE_SUBSCRIPTION, "ada", "stripe.customer.subscription.updated"),
    ("stripe", payloads.STRIPE_CHECKOUT, "ada@example.com", "stripe.checkout.session.completed"),
]


def own_transform(payload):
    if payload["kind"] == "ping":
        return Ignored(reason="it is a ping")
    return [
        {"name": "invoice.paid", "userId": user, "idempotencyKey": f"own:{payload['id']}:{user}"}
        for user in payload["users"]
    ]


OWN = define_webhook_source("own", verify=lambda request: True, transform=own_transform)


@pytest.fixture
async def http(database):
    """The presets and a source of the app's own; no caller has an API key."""
    client = create_client(
        buckets=make_buckets(),
        settings=make_settings(database),
        webhook_sources=[posthog_source(secret=SECRET), segment_source(secret=SECRET)],
    )
    app = create_app(client, webhook_sources=[stripe_source(secret=SECRET), OWN])
    async with client, calling(app, key=None) as opened:
        opened.engine, opened.counts = client.engine, client.metrics.webhooks
        yield opened


async def send(http, source, payload, headers=None):
    body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    signed = SIGN[source](body) if headers is None else headers
    return await http.post(f"/v1/webhooks/{source}", content=body, headers=signed)


def counted(http, source, outcome):
    return http.counts.labels(source, outcome)._value.get()


async def traces(http):
    return [
        await http.engine.pool.fetchval(f"SELECT count(*) FROM {table}")
        for table in ("contacts", "user_events", "bucket_memberships")
    ]


async def test_documented_payloads_are_stored_once(http):
    """A second delivery, under the provider's id, does nothing."""
    for source, payload, user, name in ACCEPTED:
        first = await send(http, source, payload)
        assert first.status_code == 202, (source, first.text)
        assert first.json() == {"stored": 1, "duplicates": 0, "ignored": None}
        if name is None:
            continue
        again = await send(http, source, payload)
        assert again.json() == {"stored": 0, "duplicates": 1, "ignored": None}, name
        rows = await http.engine.pool.fetch(
            "SELECT user_id FROM user_events WHERE event = $1", name
        )
        assert [row["user_id"] for row in rows] == [user]
    events = await http.engine.pool.fetch("SELECT event, occurred_at FROM user_events")
    when = {row["event"]: row["occurred_at"].isoformat() for row in events}
    assert when["Course Clicked"] == "2015-12-12T19:11:01.249000+00:00"
    assert when["stripe.customer.subscription.updated"] == "2023-06-06T22:19:30+00:00"
    people = await http.engine.pool.fetch("SELECT user_id, email, properties FROM contacts")
    found = {row["user_id"]: row for row in people}
    assert found["max"]["email"] == "max@posthog.com"
    assert found["max"]["properties"]["plan"] == "pro"
    assert not any(key.startswith("$") for key in found["max"]["properties"])
    assert found["97980cfea0067"]["properties"]["address"]["city"] == "San Francisco"
    assert found["97980cfea0067"]["email"] == "peter@example.com"
    members = await http.engine.pool.fetch("SELECT user_id FROM bucket_memberships")
    assert [row["user_id"] for row in members] == ["max"]
    assert counted(http, "stripe", "stored") == counted(http, "stripe", "duplicate") == 2


@pytest.mark.parametrize("source", SIGN)
async def test_another_signature_is_refused_without_a_trace(http, source):
    """401, whether it is missing, of another body or with another secret; each is counted."""
    payload = next(payload for name, payload, *_ in ACCEPTED if name == source)
    body = json.dumps(payload).encode()
    good = SIGN[source](body)
    (name, value), *_ = good.items()
    wrong = [{}, {name: ""}, {name: value[:-1]}, {name: value[::-1]}, {name: value + "é"}]
    if source != "posthog":
        wrong.append(SIGN[source](body + b" "))
    if source == "stripe":
        wrong += [stripe(body, age=301), stripe(body, age=-330), stripe(body, extra=",t=1")]
    for headers in wrong:
        encoded = {key: text.encode() for key, text in headers.items()}
        answer = await send(http, source, body, encoded)
        assert answer.status_code == 401, headers
        assert answer.json()["error"]["code"] == "bad_signature"
    assert counted(http, source, "bad_signature") == len(wrong)
    assert await traces(http) == [0, 0, 0]
    assert (await send(http, source, body, good)).status_code == 202
    if source == "posthog":
        assert (await send(http, source, body, posthog_bearer(body))).status_code == 202


def mutations(payload):
    """Payloads in which one required thing is missing or of another kind."""
    yield {}
    yield []
    yield None
    yield "text"
    for path in PATHS:
        for value in (..., None, [], {}, 7):
            if (path, value) == (("created",), 7):
                continue  # an instant of 1970
            changed = copy.deepcopy(payload)
            *way, last = path
            holder = changed
            for key in way:
                holder = holder.get(key) if isinstance(holder, dict) else None
            if isinstance(holder, dict) and last in holder:
                if value is ...:
                    del holder[last]
                else:
                    holder[last] = value
                yield changed


PATHS = [
    ("event", "uuid"),
    ("event", "event"),
    ("event", "distinct_id"),
    ("event",),
    ("data", "eventUuid"),
    ("data", "distinctId"),
    ("data",),
    ("uuid",),
    ("change",),
    ("cohort",),
    ("messageId",),
    ("type",),
    ("id",),
    ("object",),
    ("created",),
    ("data", "object"),
]


async def test_mutated_payloads_are_refused_without_a_trace(http):
    """422 with the reason, counted; nothing is stored, and it is never a 500."""
    refused = {"posthog": 0, "segment": 0, "stripe": 0}
    for source, payload, _, name in ACCEPTED:
        if name is None:
            continue
        for changed in mutations(payload):
            answer = await send(http, source, changed)
            assert answer.status_code == 422, (source, changed, answer.text)
            assert answer.json()["error"]["code"] == "invalid_value"
            refused[source] += 1
    for source in SIGN:
        for body in (b"", b"{", b"\xff\xfe", b'{"a":' * 2000):
            assert (await send(http, source, body)).status_code == 422
            refused[source] += 1
        assert counted(http, source, "bad_payload") == refused[source] > 15
    assert await traces(http) == [0, 0, 0]


async def test_what_stands_for_nothing_is_ignored_with_a_reason(http):
    """Answered with success, so that the provider does not send it again."""
    anonymous = {**payloads.SEGMENT_TRACK, "userId": None}
    nobody = copy.deepcopy(payloads.STRIPE_SUBSCRIPTION)
    nobody["data"]["object"]["metadata"] = {}
    ours = copy.deepcopy(payloads.POSTHOG_SET)
    ours["event"]["properties"] = {"$lib": "hogsend", "$set": {"hogsend_bucket_pro": True}}
    for source, payload, reason in [
        ("segment", payloads.SEGMENT_ALIAS, "alias: two ids are not made one here"),
        ("segment", anonymous, "without a userId"),
        ("stripe", nobody, "names no userId and no mail address"),
        ("posthog", ours, "what this installation told PostHog"),
    ]:
        answer = await send(http, source, payload)
        assert answer.status_code == 202
        assert reason in answer.json()["ignored"]
    assert await traces(http) == [0, 0, 0]


async def test_a_source_of_the_apps_own(http):
    """One payload may be several events; a bad item refuses all of them."""
    answer = await send(http, "own", {"kind": "paid", "id": 1, "users": ["a", "b"]}, {})
    assert answer.json() == {"stored": 2, "duplicates": 0, "ignored": None}
    answer = await send(http, "own", {"kind": "paid", "id": 1, "users": ["a", "c"]}, {})
    assert answer.json() == {"stored": 1, "duplicates": 1, "ignored": None}
    assert (await send(http, "own", {"kind": "ping"}, {})).json()["ignored"] == "it is a ping"
    before = await traces(http)
    answer = await send(http, "own", {"kind": "paid", "id": 2, "users": ["d", ""]}, {})
    assert answer.status_code == 422
    assert await traces(http) == before


async def test_unknown_sources_and_large_bodies(http):
    """404 says which there are; 413 comes before anything is looked at."""
    answer = await send(http, "strip", {}, {})
    assert answer.status_code == 404
    assert "Did you mean 'stripe'?" in answer.json()["error"]["message"]
    answer = await send(http, "stripe", b" " * (1024 * 1024 + 1), {})
    assert answer.status_code == 413
    assert counted(http, "stripe", "too_large") == 1
    assert (await http.get("/v1/webhooks/stripe")).status_code == 405


def test_sources_are_checked():
    """Ids are names in a path, secrets are not empty, and no two sources share an id."""
    with pytest.raises(DefinitionError, match="webhook source 'My Source': an id is"):
        define_webhook_source("My Source", verify=bool, transform=dict)
    for make in (posthog_source, segment_source, stripe_source):
        with pytest.raises(DefinitionError, match="the secret is empty"):
            make(secret="")
    with pytest.raises(DefinitionError, match="webhook source 'own' is defined 2 times"):
        create_app(create_client(webhook_sources=[OWN]), webhook_sources=[OWN])
