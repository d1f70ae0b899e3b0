"""What clients may send, and how each refusal names its fault."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from hogsend.errors import InvalidInputError
from hogsend.events.parse import MAX_DEPTH, parse_contact, parse_event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def event(**fields):
    return {"name": "purchase", "userId": "u1", **fields}


def test_a_full_event_keeps_every_field():
    """Every documented field ends up in the write."""
    write = parse_event(
        event(
            email="a@b.c",
            eventProperties={"amount": 3},
            contactProperties={"plan": "pro"},
            timestamp="2026-03-01T13:00:00+01:00",
            idempotencyKey="k1",
        ),
        NOW,
    )
    assert (write.user_id, write.email, write.patch) == ("u1", "a@b.c", {"plan": "pro"})
    assert write.event.properties == {"amount": 3}
    assert write.event.occurred_at == NOW
    assert write.event.idempotency_key == "k1"


def test_an_event_without_timestamp_happens_when_it_is_received():
    """No timestamp leaves the instant to the ingest transaction."""
    assert parse_event(event(), NOW).event.occurred_at is None


def test_a_date_alone_is_midnight_utc():
    """A date without a time is read like a date property."""
    write = parse_event(event(timestamp="2026-02-01"), NOW)
    assert write.event.occurred_at == datetime(2026, 2, 1, tzinfo=UTC)


def test_a_clock_up_to_five_minutes_ahead_is_accepted():
    """Small skew is tolerated here (and clamped at ingest)."""
    ahead = NOW + timedelta(minutes=5)
    assert parse_event(event(timestamp=ahead.isoformat()), NOW).event.occurred_at == ahead


NESTED = json.loads("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))

REFUSED = {
    "not an object": ([1], "body", "must be a JSON object; got a list"),
    "unknown field": (event(userID="u"), "userID", "unknown field"),
    "no name": ({"userId": "u"}, "name", "is missing"),
    "name of a wrong type": (event(name=3), "name", "must be a string; got a number"),
    "empty name": (event(name="  "), "name", "is empty"),
    "reserved name": (event(name="bucket:entered"), "name", "begin with 'bucket:'"),
    "no user": ({"name": "x"}, "userId", "send userId or email"),
    "boolean user": (event(userId=True), "userId", "must be a string; got a boolean"),
    "long user": (event(userId="u" * 10_000), "userId", "has 10,000 characters"),
    "NUL in user": (event(userId="a\0b"), "userId", "NUL"),
    "surrogate in user": (event(userId="a\ud800"), "userId", "lone surrogate (U+D800)"),
    "bad mail": (event(email="nobody"), "email", "is not a mail address"),
    "future": (event(timestamp="2026-03-01T12:05:00.000001Z"), "timestamp", "in the future"),
    "no zone": (event(timestamp="2026-03-01T12:00:00"), "timestamp", "no time zone"),
    "no time": (event(timestamp="yesterday"), "timestamp", "not an ISO 8601 time"),
    "out of range": (event(timestamp="0001-01-01T00:00:00+23:00"), "timestamp", "not an ISO"),
    "number as time": (event(timestamp=1), "timestamp", "must be an ISO 8601 string"),
    "properties as list": (event(eventProperties=[]), "eventProperties", "got a list"),
    "NaN": (event(eventProperties={"a": [1, float("nan")]}), "eventProperties.a[1]", "nan"),
    "1e400": (event(contactProperties={"a": 1e400}), "contactProperties.a", "inf"),
    "NUL": (event(eventProperties={"a": "\0"}), "eventProperties.a", "NUL"),
    "NUL in a key": (event(eventProperties={"a\0": 1}), "eventProperties", "NUL"),
    "surrogate": (event(eventProperties={"a": "\udfff"}), "eventProperties.a", "U+DFFF"),
    "huge integer": (event(eventProperties={"a": 2**63}), "eventProperties.a", "64 bits"),
    "2 MB": (event(eventProperties={"a": "x" * 2_000_000}), "eventProperties", "2,000,008 bytes"),
    "deep": (event(eventProperties={"a": NESTED}), "eventProperties.a", "levels deep"),
    "no JSON type": (event(eventProperties={"a": {1}}), "eventProperties.a", "is a set"),
    "key of a wrong type": (event(eventProperties={1: 1}), "eventProperties", "keys must be"),
    "key too long": (event(idempotencyKey="k" * 257), "idempotencyKey", "257 characters"),
}


@pytest.mark.parametrize(("item", "field", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused_by_name(item, field, message):
    """Each refusal names the field and says what is wrong, in short and printable words."""
    with pytest.raises(InvalidInputError) as caught:
        parse_event(item, NOW)
    assert caught.value.field.startswith(field)
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400


def test_a_contact_write_takes_properties():
    """``PUT /v1/contacts`` has its own fields."""
    write = parse_contact({"email": "a@b.c", "properties": {"plan": None}})
    assert (write.user_id, write.email, write.patch) == (None, "a@b.c", {"plan": None})
    assert write.event is None
    with pytest.raises(InvalidInputError, match="unknown field"):
        parse_contact({"userId": "u", "contactProperties": {}})
