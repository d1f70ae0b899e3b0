"""What a worker runs to bring the outbox to where it is to go."""

from __future__ import annotations

from hogsend.app.client import Client
from hogsend.integrations.delivery import Carrier, Retries
from hogsend.integrations.dispatcher import Dispatcher
from hogsend.integrations.outbox import Ending
from hogsend.integrations.posthog.backfill import PropertyBackfill
from hogsend.integrations.posthog.carrier import PostHogApi, PostHogCarrier
from hogsend.integrations.webhooks.carrier import WebhookCarrier
from hogsend.integrations.webhooks.sender import Sender
from hogsend.runtime.service import Service


async def outbox_services(client: Client) -> list[Service]:
    """The services; without a key for PostHog, nothing is queued for it any more."""
    engine, key = client.engine, client.settings.posthog_api_key
    retries = Retries(engine.clock.now)
    sender = Sender(allow_private=client.settings.webhooks_allow_private)
    webhooks = WebhookCarrier(
        engine.endpoints, sender, pool=engine.pool, clock=engine.clock, retries=retries
    )
    services = [Service("webhooks", _dispatcher(client, webhooks))]
    if key is None:
        await engine.posthog.stop()
        return services
    api = PostHogApi(key.get_secret_value(), client.settings.posthog_host)
    posthog = PostHogCarrier(api, pool=engine.pool, clock=engine.clock, retries=retries)
    return [
        *services,
        Service("posthog", _dispatcher(client, posthog)),
        Service("posthog-backfill", PropertyBackfill(pool=engine.pool, clock=engine.clock)),
    ]


def _dispatcher(client: Client, carrier: Carrier) -> Dispatcher:
    deliveries = client.metrics.deliveries

    def count(destination: str, ending: Ending, number: int) -> None:
        deliveries.labels(destination, ending).inc(number)

    return Dispatcher(pool=client.engine.pool, clock=client.clock, carrier=carrier, count=count)
