"""Payloads as the providers' public documentation shows them."""

from __future__ import annotations

POSTHOG_EVENT = {  # posthog.com/docs/cdp/destinations/webhook: {"event": "{event}", "person": "{person}"}
    "event": {
        "uuid": "01918d5a-b8c6-7c3a-9f0d-2c4f3f1f3a55",
        "event": "paid_bill",
        "elements_chain": "",
        "distinct_id": "max",
        "properties": {"$lib": "posthog-python", "amount": 10, "currency": "USD"},
        "timestamp": "2024-08-26T10:12:41.123000Z",
        "url": "https://us.posthog.com/project/1/events/01918d5a-b8c6-7c3a-9f0d-2c4f3f1f3a55",
    },
    "person": {
        "id": "01918d5a-0000-7c3a-9f0d-2c4f3f1f3a55",
        "name": "max@posthog.com",
        "url": "https://us.posthog.com/person/max",
        "properties": {
            "email": "max@posthog.com",
            "first_name": "Max",
            "$creator_event_uuid": "01918d5a-b8c6-7c3a-9f0d-2c4f3f1f3a50",
        },
    },
}

POSTHOG_SET = {
    "event": {
        "uuid": "01918d5a-b8c6-7c3a-9f0d-2c4f3f1f3a99",
        "event": "$set",
        "distinct_id": "max",
        "properties": {"$lib": "posthog-python", "$set": {"plan": "pro"}},
        "timestamp": "2024-08-26T10:13:41.123000Z",
    }
}

POSTHOG_ACTION = {
    "hook": {"id": "0191", "event": "action_performed", "target": "https://example.com/hook"},
    "data": {
        "eventUuid": "01918d5a-b8c6-7c3a-9f0d-2c4f3f1f3a56",
        "event": "signed_up",
        "teamId": 1,
        "distinctId": "max",
        "properties": {"plan": "trial"},
        "timestamp": "2024-08-26T10:12:41.123000Z",
        "person": {"uuid": "01918d5a", "properties": {"email": "max@posthog.com"}},
    },
}

POSTHOG_PERSON = {  # posthog.com/docs/api/persons
    "person": {
        "id": 0,
        "name": "max@posthog.com",
        "distinct_ids": ["max", "01918d5a-anonymous"],
        "properties": {"email": "max@posthog.com", "plan": "pro"},
        "created_at": "2019-08-24T14:15:22Z",
        "uuid": "095be615-a8ad-4c33-8e9c-c7612fbf6c9f",
    }
}

POSTHOG_COHORT = {
    "uuid": "01918d5a-b8c6-7c3a-9f0d-2c4f3f1f3a57",
    "change": "entered",
    "cohort": {"id": 42, "name": "Big spenders"},
    "person": POSTHOG_PERSON["person"],
    "timestamp": "2024-08-26T10:12:41.123000Z",
}

SEGMENT_TRACK = {  # the track call of Segment's spec
    "anonymousId": "23adfd82-aa0f-45a7-a756-24f2a7a4c895",
    "context": {
        "library": {"name": "analytics.js", "version": "2.11.1"},
        "page": {"path": "/academy/", "url": "https://segment.com/academy/"},
        "userAgent": "Mozilla/5.0",
        "ip": "108.0.78.21",
    },
    "event": "Course Clicked",
    "integrations": {},
    "messageId": "ajs-f8ca1e4de5024d9430b3928bd8ac6b96",
    "properties": {"title": "Intro to Analytics"},
    "receivedAt": "2015-12-12T19:11:01.266Z",
    "sentAt": "2015-12-12T19:11:01.169Z",
    "timestamp": "2015-12-12T19:11:01.249Z",
    "type": "track",
    "userId": "AiUGstSDIg",
    "originalTimestamp": "2015-12-12T19:11:01.152Z",
    "version": "1.1",
}

SEGMENT_IDENTIFY = {
    "anonymousId": "507f191e810c19729de860ea",
    "channel": "browser",
    "context": {"ip": "8.8.8.8", "userAgent": "Mozilla/5.0"},
    "integrations": {"All": True, "Mixpanel": False},
    "messageId": "022bb90c-bbac-11e4-8dfc-aa07a5b093db",
    "receivedAt": "2015-02-23T22:28:55.387Z",
    "sentAt": "2015-02-23T22:28:55.111Z",
    "timestamp": "2015-02-23T22:28:55.111Z",
    "traits": {
        "name": "Peter Gibbons",
        "email": "peter@example.com",
        "plan": "premium",
        "logins": 5,
        "address": {"street": "6th St", "city": "San Francisco"},
    },
    "type": "identify",
    "userId": "97980cfea0067",
    "version": "1.1",
}

SEGMENT_ALIAS = {
    "anonymousId": "507f191e810c19729de860ea",
    "context": {"ip": "8.8.8.8"},
    "messageId": "022bb90c-bbac-11e4-8dfc-aa07a5b093dc",
    "previousId": "39239-239239-239239-23923",
    "timestamp": "2015-02-23T22:28:55.111Z",
    "type": "alias",
    "userId": "507f191e81",
    "version": "1.1",
}

STRIPE_SUBSCRIPTION = {  # docs.stripe.com/api/events/object
    "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",
    "object": "event",
    "api_version": "2019-02-19",
    "created": 1686089970,
    "data": {
        "object": {
            "id": "sub_1MowQVLkdIwHu7ixeRlqHVzs",
            "object": "subscription",
            "cancel_at_period_end": False,
            "currency": "usd",
            "customer": "cus_Na6dX7aXxi11N4",
            "items": {"object": "list", "data": [{"id": "si_Na6dzxczY5fwHx", "quantity": 1}]},
            "metadata": {"userId": "ada"},
            "status": "active",
        },
        "previous_attributes": {"status": "trialing"},
    },
    "livemode": False,
    "pending_webhooks": 0,
    "request": {"id": None, "idempotency_key": None},
    "type": "customer.subscription.updated",
}

STRIPE_CHECKOUT = {
    "id": "evt_1OcMYF2eZvKYlo2C8Gd0q3o1",
    "object": "event",
    "created": 1686089980,
    "data": {
        "object": {
            "id": "cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4WRmzW0zWJO2znZKdVujZ0N0S22u",
            "object": "checkout.session",
            "amount_total": 2198,
            "client_reference_id": None,
            "customer_details": {"email": "ada@example.com", "name": None},
            "metadata": {},
            "payment_status": "paid",
        }
    },
    "livemode": False,
    "type": "checkout.session.completed",
}
