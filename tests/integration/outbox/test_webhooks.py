"""Webhooks that go out: what is told to whom, signed, in order, again after a failure."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import asynccontextmanager

import pytest
from pydantic import SecretStr
from tests.integration.api.conftest import ADMIN_KEY, calling, make_settings
from tests.webhook_receiver import Receiver
from tests.world import World

from hogsend import create_app, create_client, define_journey
from hogsend.buckets.definition import define_bucket
from hogsend.durations import hours, minutes
from hogsend.errors import InvalidInputError
from hogsend.integrations.delivery import Retries
from hogsend.integrations.dispatcher import Dispatcher
from hogsend.integrations.webhooks.addresses import check_url, is_public
from hogsend.integrations.webhooks.carrier import WebhookCarrier
from hogsend.integrations.webhooks.sender import Sender
from hogsend.ops.outbox import replay
from hogsend.ops.record import Page
from hogsend.ops.webhooks import add_endpoint, list_attempts, remove_endpoint

ALL = ["bucket.entered", "bucket.left", "bucket.dwell", "journey.completed", "journey.failed"]


def make_buckets():
    pro = define_bucket(id="pro", name="Pro", criteria=lambda b: b.prop("plan").eq("pro"))
    return [pro.schedule_dwell(after=minutes(1), label="settled")]


@define_journey(id="greet", name="Greet", trigger="hello")
async def greet(user, ctx):
    if user.properties.get("fails"):
        raise ValueError("no")


class Told(World):
    """``receiver`` is told of what the dispatcher brings."""

    async def listen(self, receiver, port, topics=ALL):
        made = await add_endpoint(
            self.pool,
            url=f"http://127.0.0.1:{port}/hook?x=1",
            topics=topics,
            description="",
            allow_private=True,
            actor="test",
            now=self.now,
        )
        receiver.secret = made.secret
        await self.engine.endpoints.run_once()
        sender = Sender(allow_private=True, timeout_s=0.3)
        carrier = WebhookCarrier(
            self.engine.endpoints,
            sender,
            pool=self.pool,
            clock=self.clock,
            retries=Retries(self.clock.now),
        )
        self.dispatcher = Dispatcher(pool=self.pool, clock=self.clock, carrier=carrier)
        return made.endpoint.id

    async def deliver(self):
        while await self.dispatcher.deliver_due():
            pass


@asynccontextmanager
async def told(pool, topics=ALL):
    receiver = Receiver()
    async with receiver.running() as port:
        world = Told(pool, make_buckets(), [greet])
        await world.deploy()
        world.endpoint = await world.listen(receiver, port, topics)
        world.receiver = receiver
        yield world


def seen(world):
    return [(each["type"], each["data"]["userId"]) for each in world.receiver.taken]


async def test_everything_that_is_announced_is_told_once_and_in_order(pool):
    """Joins, leaves, dwells and ends of journeys; signed, with the row's id."""
    async with told(pool) as world:
        await world.contact("ann", plan="pro")
        await world.advance(minutes(2))
        await world.contact("ann", plan="free")
        await world.event("ann", "hello")
        await world.settle()
        ids = [row["id"] for row in await pool.fetch("SELECT id FROM outbox ORDER BY position")]
        await world.deliver()
        assert seen(world) == [
            ("bucket.entered", "ann"),
            ("bucket.dwell", "ann"),
            ("bucket.left", "ann"),
            ("journey.completed", "ann"),
        ]
        assert world.receiver.ids == [str(id_) for id_ in ids]
        joined, dwelt, left, done = (each["data"] for each in world.receiver.taken)
        assert (joined["bucketId"], joined["entryCount"]) == ("pro", 1)
        assert dwelt["label"] == "settled"
        assert left["reason"] == "criteria"
        assert (done["journeyId"], done["error"]) == ("greet", None)
        assert world.receiver.head["path"] == "/hook?x=1"
        assert world.receiver.head["host"].startswith("127.0.0.1:")
        assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
        log = (await list_attempts(pool, world.endpoint, Page())).attempts
        assert [each.status for each in log] == [204] * 4


async def test_an_endpoint_is_told_only_of_its_topics(pool):
    """A run that failed for good, with its error."""
    async with told(pool, topics=["journey.failed"]) as world:
        await world.contact("ann", plan="pro", fails=True)
        await world.event("ann", "hello")
        await world.advance(hours(1))
        await world.settle()
        await world.deliver()
        assert seen(world) == [("journey.failed", "ann")]
        assert world.receiver.taken[0]["data"]["error"] == "ValueError: no"


@pytest.mark.parametrize("answer", [500, 302, 404, 429, "drop", "hang"])
async def test_what_is_refused_holds_up_only_its_user(pool, answer):
    """Later ones wait, other users' do not; then it is sent again under its id."""
    async with told(pool) as world:
        await world.contact("ann", plan="pro")
        world.receiver.answers = [answer]
        await world.dispatcher.deliver_due()
        await world.contact("ann", plan="free")
        await world.contact("bea", plan="pro")
        await world.deliver()
        assert seen(world) == [("bucket.entered", "bea")]
        await world.advance(minutes(2))
        await world.deliver()
        ann = [kind for kind, user in seen(world) if user == "ann"]
        assert ann[:2] == ["bucket.entered", "bucket.left"]
        assert world.receiver.ids.count(world.receiver.ids[0]) == 2
        log = (await list_attempts(pool, world.endpoint, Page())).attempts
        assert log[-1].error is not None
        assert log[-1].status == (answer if isinstance(answer, int) else None)


async def test_gone_is_final_and_can_be_replayed(pool):
    """410: a dead letter, which holds up nobody; replayed, it is delivered."""
    async with told(pool) as world:
        world.receiver.answers = [410]
        await world.contact("ann", plan="pro")
        await world.contact("ann", plan="free")
        await world.deliver()
        assert seen(world) == [("bucket.left", "ann")]
        await replay(pool, world.endpoint, delivery_id=None, actor="test", now=world.now)
        await world.deliver()
        assert seen(world)[1:] == [("bucket.entered", "ann")]


async def test_a_deleted_endpoint_is_told_nothing_more(pool):
    """What waits is dropped, also what a process queues that does not know yet."""
    async with told(pool) as world:
        await world.contact("ann", plan="pro")
        await remove_endpoint(pool, world.endpoint, actor="test", now=world.now)
        assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
        await world.contact("ann", plan="free")
        assert await pool.fetchval("SELECT count(*) FROM outbox") == 1
        await world.engine.endpoints.run_once()
        await world.contact("ann", plan="pro")
        await world.deliver()
        assert world.receiver.taken == []
        assert await pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_who_is_erased_leaves_no_trace(pool):
    """Neither in the queue nor in the log of attempts."""
    async with told(pool) as world:
        await world.contact("ann", plan="pro")
        await world.deliver()
        await world.contact("ann", plan="free")
        await world.engine.ingest.delete_contact("ann", erase=True)
        for table in ("outbox", "webhook_attempts"):
            assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0


PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fc00::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
]


def test_only_public_addresses():
    """Not loopback, private, link-local (cloud metadata!), shared, multicast; nor wrapped in others."""
    for address in PRIVATE:
        assert not is_public(ipaddress.ip_address(address)), address
        host = f"[{address}]" if ":" in address else address
        with pytest.raises(InvalidInputError, match="not a public address"):
            check_url(f"https://{host}/", allow_private=False)
    for address in ("93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::808:808"):
        assert is_public(ipaddress.ip_address(address)), address
    for url in (
        "http://x.org/",
        "ftp://x.org",
        "https://",
        "https://u:p@x.org/",
        "https://x.org/#a",
        "https://x.org:0/",
        "https://x.org/\n",
        "https://[::1",
    ):
        with pytest.raises(InvalidInputError):
            check_url(url, allow_private=False)
    assert check_url("http://localhost:1/", allow_private=True).port == 1


async def test_a_name_that_leads_home_is_refused_when_it_is_sent(pool, monkeypatch):
    """Whatever it led to when it was registered: the address that was checked is connected to."""
    async with told(pool) as world:
        await world.contact("ann", plan="pro")
        world.dispatcher._carrier._sender = Sender(allow_private=False)
        await pool.execute("UPDATE webhook_endpoints SET url = 'https://rebound.example/'")
        await world.engine.endpoints.run_once()
        asked = []

        def rebind(host, port, **_):
            asked.append(host)
            private = "127.0.0.1" if len(asked) == 1 else "93.184.215.14"
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (private, port))]

        monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *a, **k: rebind(host, port))
        await world.deliver()
        assert asked == ["rebound.example"]
        assert world.receiver.ids == []
        error = await pool.fetchval("SELECT error FROM outbox")
        assert "rebound.example is 127.0.0.1, which is not a public address" in error


async def test_endpoints_over_http(database, pool):
    """Made with a secret that is shown once, tested, logged, deleted; each is on record."""
    settings = make_settings(
        database, admin_api_key=SecretStr(ADMIN_KEY), webhooks_allow_private=True
    )
    receiver = Receiver()
    base = "/v1/admin/webhook-endpoints"
    async with (
        receiver.running() as port,
        create_client(settings=settings) as client,
        calling(create_app(client)) as http,
    ):
        order = {"url": f"http://127.0.0.1:{port}/", "topics": ["bucket.left", "bucket.entered"]}
        made = (await http.post(base, json=order)).json()
        receiver.secret = made["secret"]
        assert made["endpoint"]["topics"] == ["bucket.entered", "bucket.left"]
        listed = (await http.get(base)).json()
        assert listed["endpoints"] == [made["endpoint"]]
        assert made["secret"] not in str(listed)
        one = f"{base}/{made['endpoint']['id']}"
        tested = (await http.post(f"{one}/test")).json()
        assert (tested["status"], tested["error"]) == (204, None)
        assert receiver.taken[0]["type"] == "webhook.test"
        receiver.answers = [500]
        assert "answered 500" in (await http.post(f"{one}/test")).json()["error"]
        attempts = (await http.get(f"{one}/attempts")).json()["attempts"]
        assert [each["status"] for each in attempts] == [500, 204]
        for wrong in ({"url": "nonsense"}, {"topics": []}, {"topics": ["bucket.exploded"]}):
            assert (await http.post(base, json={**order, **wrong})).status_code == 422
        assert (await http.delete(one)).json()["endpoint"] == made["endpoint"]
        for gone in (await http.delete(one), await http.post(f"{one}/test")):
            assert gone.status_code == 404
        logs = (await http.get("/v1/admin/audit-logs")).json()["auditLogs"]
        assert [log["action"].removeprefix("webhook-endpoint.") for log in logs] == [
            "delete",
            "test",
            "test",
            "create",
        ]
        assert made["secret"] not in str(logs)
    async with (
        create_client(settings=make_settings(database, admin_api_key=SecretStr(ADMIN_KEY))) as c,
        calling(create_app(c)) as http,
    ):
        answer = await http.post(base, json={**order, "url": "https://127.0.0.1/"})
        assert "not a public address" in answer.json()["error"]["message"]
