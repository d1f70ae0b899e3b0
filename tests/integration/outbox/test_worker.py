"""A worker as it is deployed brings what API processes queue to where it is to go."""

from __future__ import annotations

import asyncio

from pydantic import SecretStr
from tests.integration.api.conftest import make_settings
from tests.integration.outbox.synced import PRO
from tests.posthog_server import KEY, PostHogServer
from tests.webhook_receiver import Receiver

from hogsend import create_client, create_worker
from hogsend.events.parse import parse_contact
from hogsend.ops.webhooks import add_endpoint


async def test_a_worker_delivers(database, caplog):
    """To PostHog and to an endpoint, from a join that another process saw."""
    server, receiver = PostHogServer(), Receiver()
    heard, told = asyncio.Event(), asyncio.Event()
    server.on_request, receiver.on_request = heard.set, told.set
    async with server.running() as port, receiver.running() as hook:
        settings = make_settings(
            database,
            posthog_api_key=SecretStr(KEY),
            posthog_host=f"http://127.0.0.1:{port}",
            webhooks_allow_private=True,
        )
        api, client = (create_client(buckets=[PRO], settings=settings) for _ in range(2))
        worker = create_worker(client)
        await worker.start()
        async with api:
            made = await add_endpoint(
                api.engine.pool,
                url=f"http://127.0.0.1:{hook}/",
                topics=["bucket.entered"],
                description="",
                allow_private=True,
                actor="test",
                now=api.clock.now(),
            )
            receiver.secret = made.secret
            for process in (api, client):
                await process.engine.endpoints.run_once()
            write = parse_contact({"userId": "ann", "properties": {"plan": "pro"}})
            await api.engine.submit([write])
            await asyncio.wait_for(asyncio.gather(heard.wait(), told.wait()), 30)
        await worker.stop()
    assert server.members("hogsend_bucket_pro") == {"ann"}
    assert [each["data"]["userId"] for each in receiver.taken] == ["ann"]
    counted = client.metrics.deliveries
    assert counted.labels("posthog", "delivered")._value.get() == 1
    assert counted.labels(made.endpoint.id, "delivered")._value.get() == 1


async def test_a_worker_without_a_key_says_so_and_queues_nothing(database, pool, capsys):
    """Once, in its log."""
    client = create_client(buckets=[PRO], settings=make_settings(database))
    worker = create_worker(client)
    await worker.start()
    await client.engine.submit([parse_contact({"userId": "a", "properties": {"plan": "pro"}})])
    await worker.stop()
    assert await pool.fetchval("SELECT count(*) FROM outbox") == 0
    said = capsys.readouterr().out
    assert said.count("posthog.off") == 1
    assert "POSTHOG_API_KEY is not set" in said
