"""Metrics, the log of events, timelines and explanations over HTTP."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from tests.databases import in_database
from tests.integration.api.conftest import (
    ADMIN_KEY,
    calling,
    make_buckets,
    make_settings,
    put_together,
)

from hogsend import days, define_journey
from hogsend.app.client import create_client
from hogsend.app.virtual import TimeMachine
from hogsend.asgi import create_app
from hogsend.clock import VirtualClock

START = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(server, place):
    """With a journey, and a clock of the tests."""

    @define_journey(id="welcome", name="Welcome", trigger="bucket:entered:buyers")
    async def welcome(user, ctx):
        await ctx.sleep(days(30))

    return put_together(in_database(server, place), journeys=[welcome], clock=VirtualClock(START))


@pytest.fixture
async def told(made, database):
    """Ten days of virtual time: ann buys twice at once and is deleted, bob sees and goes quiet."""
    client, app = made
    client.clock._now = START  # the days of the test before are gone
    async with client, calling(app) as http:
        for item in (
            {"name": "buy", "userId": "ann", "eventProperties": {"amount": 3}},
            {"name": "buy", "userId": "ann"},
            {"name": "seen", "userId": "bob"},
            {"name": "buy", "userId": "carl"},
        ):
            assert (await http.post("/v1/events", json=item)).json()["stored"]
        time = TimeMachine(client.engine, client.clock)
        await time.advance_to(START + days(1))
        await http.post("/v1/events", json={"name": "buy", "userId": "carl"})
        await time.advance_to(START + days(8))
        await http.delete("/v1/contacts/ann")
        await time.advance_to(START + days(10))
        yield http


async def test_the_overview_counts_everything(told):
    """In all, and of the last day, week and 30 days."""
    assert (await told.get("/v1/admin/metrics/overview")).json() == {
        "contacts": {"total": 2, "last24h": 0, "last7d": 0, "last30d": 2},
        "journeys": {"total": 2, "last24h": 0, "last7d": 0, "last30d": 2},
        "emails": {"total": 0, "last24h": 0, "last7d": 0, "last30d": 0},
        "activeRuns": 1,
        "activeBuckets": 3,
        "bucketMembers": 2,
    }


async def test_each_bucket_has_its_figures(told):
    """Members, joins, leaves, and how long the stays lasted that ended."""
    buckets = (await told.get("/v1/admin/metrics/buckets")).json()["buckets"]
    week = 8 * 86_400.0
    assert [tuple(bucket.values()) for bucket in buckets] == [
        ("buyers", "Buyers", 1, 2, 1, week),
        ("went-quiet", "Went quiet", 1, 1, 0, None),
        ("pro", "Pro", 0, 0, 0, None),
    ]


async def test_a_bucket_over_time_has_no_gaps(told):
    """Joins, leaves and size by day of UTC; days without any are there, too."""
    url = "/v1/admin/metrics/buckets/buyers?period=day&from=2026-01-04&to=2026-01-14T12:00:00Z"
    series = (await told.get(url)).json()
    assert (series["bucketId"], series["size"], len(series["points"])) == ("buyers", 1, 11)
    moves = [(p["date"][:10], p["entered"], p["left"], p["size"]) for p in series["points"]]
    assert moves[:4] == [
        ("2026-01-04", 0, 0, 0),
        ("2026-01-05", 1, 0, 1),
        ("2026-01-06", 1, 0, 2),
        ("2026-01-07", 0, 0, 2),
    ]
    assert moves[9:] == [("2026-01-13", 0, 1, 1), ("2026-01-14", 0, 0, 1)]
    weeks = (await told.get("/v1/admin/metrics/buckets/buyers?period=week")).json()["points"]
    assert len(weeks) == 30
    assert [(p["date"][:10], p["entered"], p["left"], p["size"]) for p in weeks[-2:]] == [
        ("2026-01-05", 2, 0, 2),
        ("2026-01-12", 0, 1, 1),
    ]
    early = "/v1/admin/metrics/buckets/buyers?period=hour&from=2026-01-05&to=2026-01-05T01:00:00Z"
    assert [point["size"] for point in (await told.get(early)).json()["points"]] == [1, 1]


async def test_events_over_time(told):
    """What clients sent, all of it or by name; transitions only when they are asked for."""
    url = "/v1/admin/metrics/events?granularity=day&from=2026-01-05&to=2026-01-06"
    series = (await told.get(url)).json()
    assert (series["total"], [p["count"] for p in series["points"]]) == (5, [4, 1])
    assert (await told.get(f"{url}&event=seen")).json()["total"] == 1
    assert (await told.get(f"{url}&event=bucket:entered")).json()["total"] == 2
    assert (await told.get(f"{url}&event=nothing")).json()["total"] == 0


async def test_mails_are_counted_by_template(told):
    """By what became of them."""
    metrics = (await told.get("/v1/admin/metrics/emails?from=2026-01-01")).json()
    assert (metrics["from"], metrics["templates"]) == ("2026-01-01T00:00:00.000Z", [])


async def test_the_log_is_listed_newest_first(told):
    """All, of a user, of a name, of a time; a page says where it is."""

    async def names(**params):
        listed = (await told.get("/v1/admin/events", params=params)).json()
        return [(event["userId"], event["event"]) for event in listed["events"]], listed["total"]

    everything, total = await names()
    assert total == len(everything) == 5 + 2 * 3
    assert set(everything[:2]) == {("bob", "bucket:entered"), ("bob", "bucket:entered:went-quiet")}
    page, total = await names(event="buy", limit=1, offset=1)
    assert (len(page), total) == (1, 4)
    assert (await names(userId="carl", event="buy"))[1] == 2
    bought, _ = await names(userId="carl")
    assert bought[-1] == ("carl", "buy")
    assert await names(**{"from": "2026-01-06", "to": "2026-01-07", "event": "buy"}) == (
        [("carl", "buy")],
        1,
    )
    assert (await names(userId="nobody")) == ([], 0)
    first = (await told.get("/v1/admin/events?event=buy&userId=ann&offset=1")).json()["events"][0]
    assert first["properties"] == {"amount": 3}
    assert first["occurredAt"] == "2026-01-05T00:00:00.000Z"


async def test_names_of_events_are_listed(told):
    """In alphabetical order, each with when it was seen last."""
    listed = (await told.get("/v1/admin/events/names")).json()
    names = {name["name"]: name["lastSeenAt"] for name in listed["names"]}
    assert list(names) == sorted(names)
    assert listed["total"] == len(names) == 5
    assert names["buy"] == "2026-01-06T00:00:00.000Z"
    assert (await told.get("/v1/admin/events/names?limit=1&offset=4")).json()["names"] == [
        {"name": "seen", "lastSeenAt": "2026-01-05T00:00:00.000Z"}
    ]


async def test_a_timeline_has_all_that_happened_to_somebody(told):
    """Events, joins, leaves and runs, newest first; also of a contact who was deleted."""
    timeline = (await told.get("/v1/admin/contacts/ann/timeline")).json()
    assert [(entry["kind"], entry["title"]) for entry in timeline["entries"]][:2] in (
        [("left", "buyers"), ("journey-ended", "welcome")],
        [("journey-ended", "welcome"), ("left", "buyers")],
    )
    kinds = sorted(entry["kind"] for entry in timeline["entries"])
    assert kinds == ["entered", "event", "event", "journey-ended", "journey-started", "left"]
    assert timeline["total"] == 6
    left = next(entry for entry in timeline["entries"] if entry["kind"] == "left")
    assert left["detail"] == {"entryCount": 1, "reason": "deleted"}
    page = (await told.get("/v1/admin/contacts/ann/timeline?limit=2&offset=4")).json()
    assert [entry["kind"] for entry in page["entries"]] == [
        entry["kind"] for entry in timeline["entries"][4:]
    ]
    assert (await told.get("/v1/admin/contacts/nobody/timeline")).status_code == 404


async def test_an_explanation_says_why(told):
    """The verdict of each leaf, and when it flips; somebody unknown is a 404."""
    url = "/v1/admin/buckets/went-quiet/explain"
    why = (await told.get(url, params={"userId": "bob"})).json()
    assert (why["isMember"], why["matches"], why["membership"]["status"]) == (True, True, "active")
    assert [leaf["matches"] for leaf in why["leaves"]] == [True, True]
    assert why["since"] == "2026-01-12T00:00:00.000Z"
    assert why["next"][0]["at"] == "2026-02-11T00:00:00.000Z"
    assert (await told.get(url, params={"userId": "nobody"})).status_code == 404
    assert (await told.get(url)).status_code == 422


async def test_a_bucket_names_the_journeys_that_it_feeds(told):
    """Its trigger, and whether it rides along on the bucket."""
    bucket = (await told.get("/v1/admin/buckets/buyers")).json()["bucket"]
    assert bucket["feedsJourneys"] == [
        {
            "id": "welcome",
            "name": "Welcome",
            "trigger": "bucket:entered:buyers",
            "sourceBucketId": "buyers",
            "owned": False,
        }
    ]


@pytest.mark.parametrize(
    ("query", "count", "last"),
    [
        ("period=hour&from=0001-01-01", 1000, "2026-01-15T00"),
        ("from=2026-01-02&to=2026-01-01", 0, None),
        ("from=2026-01-14&to=9999-12-31T23:59:59Z", 2, "2026-01-15T00"),
        ("from=0001-01-01&to=0001-01-02", 1, "1970-01-01T00"),
        ("period=week&from=0001-01-01&to=1970-01-02", 1, "1969-12-29T00"),
        ("period=day", 30, "2026-01-15T00"),
        ("period=hour&to=2026-01-10T05:00:01Z", 30, "2026-01-10T05"),
    ],
)
async def test_a_series_has_an_end(told, query, count, last):
    """At most the last 1,000 periods, none later than now; 30 without a start."""
    answer = await told.get(f"/v1/admin/metrics/buckets/buyers?{query}")
    dates = [point["date"] for point in answer.json()["points"]]
    assert (len(dates), dates[-1][:13] if dates else None) == (count, last)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=yesterday", "ISO 8601"),
        ("from=2026-01-01T00:00:00", "names no time zone"),
        ("from=123", "ISO 8601"),
        ("period=year", "period"),
    ],
)
async def test_a_time_that_cannot_be_is_refused(told, query, words):
    """With the field, and what would do."""
    answer = await told.get(f"/v1/admin/metrics/buckets/buyers?{query}")
    assert (answer.status_code, words in answer.json()["error"]["message"]) == (422, True)


async def test_lists_are_paged_only_so_far(told):
    """Further back lead `to` and `after`."""
    for path in ("events?offset=10001", "buckets/buyers/members?offset=900000"):
        answer = await told.get(f"/v1/admin/{path}")
        assert answer.status_code == 422
        assert answer.json()["error"]["details"][0]["field"] == "offset"
    assert (await told.get("/v1/admin/events?offset=10000")).json()["events"] == []


async def test_sizes_do_not_depend_on_where_a_series_begins(told):
    """The size at a day's end is the same in every series that has it."""

    def url(start):
        return f"/v1/admin/metrics/buckets/buyers?from={start:%Y-%m-%d}&to=2026-01-20"

    whole = {
        p["date"]: p for p in (await told.get(url(START - timedelta(days=3)))).json()["points"]
    }
    for day in range(12):
        for point in (await told.get(url(START + timedelta(days=day)))).json()["points"]:
            assert point == whole[point["date"]]


async def test_a_read_that_takes_too_long_is_cut_off(database):
    """With an error that says so; events go in meanwhile, though every reader is waiting."""
    settings = make_settings(database, admin_api_key=SecretStr(ADMIN_KEY), read_timeout=0.2)
    async with (
        create_client(buckets=make_buckets(), settings=settings) as client,
        calling(create_app(client)) as http,
        client.engine.pool.acquire() as blocker,
        blocker.transaction(),
    ):
        await blocker.execute("LOCK TABLE tallies")
        reads = [
            asyncio.create_task(http.get("/v1/admin/metrics/overview"))
            for _ in range(client.engine.reads.get_max_size())
        ]
        assert (await http.post("/v1/events", json={"name": "buy", "userId": "ann"})).is_success
        answers = await asyncio.gather(*reads)
    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in answers} == {
        (503, "too_slow")
    }
    assert "READ_TIMEOUT" in answers[0].json()["error"]["message"]


async def test_the_members_of_a_large_bucket_are_read_by_user_id(told):
    """`after` goes on behind the last one; as it does for contacts."""
    for user_id in ("dan", "eve"):
        for _ in range(2):
            await told.post("/v1/events", json={"name": "buy", "userId": user_id})
    url = "/v1/admin/buckets/buyers/members"
    page = (await told.get(f"{url}?after=carl&limit=1")).json()
    assert ([member["userId"] for member in page["members"]], page["total"]) == (["dan"], 3)
    page = (await told.get(f"{url}?after=dan")).json()
    assert [member["userId"] for member in page["members"]] == ["eve"]
    contacts = (await told.get("/v1/admin/contacts?after=bob&limit=2")).json()["contacts"]
    assert [contact["userId"] for contact in contacts] == ["carl", "dan"]
