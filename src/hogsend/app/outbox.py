"""What a worker runs to bring the outbox to where it is to go."""

from __future__ import annotations

from hogsend.app.client import Client
from hogsend.integrations.delivery import Retries
from hogsend.integrations.dispatcher import Dispatcher
from hogsend.integrations.outbox import Ending
from hogsend.integrations.posthog.backfill import PropertyBackfill
from hogsend.integrations.posthog.carrier import PostHogApi, PostHogCarrier
from hogsend.runtime.service import Service


async def outbox_services(client: Client) -> list[Service]:
    """The services; without a key for PostHog, nothing is queued for it any more."""
    engine, settings = client.engine, client.settings
    if settings.posthog_api_key is None:
        await engine.posthog.stop()
        return []
    api = PostHogApi(settings.posthog_api_key.get_secret_value(), settings.posthog_host)
    carrier = PostHogCarrier(
        api, pool=engine.pool, clock=engine.clock, retries=Retries(engine.clock.now)
    )
    return [
        Service("posthog", _dispatcher(client, carrier)),
        Service("posthog-backfill", PropertyBackfill(pool=engine.pool, clock=engine.clock)),
    ]


def _dispatcher(client: Client, carrier: PostHogCarrier) -> Dispatcher:
    deliveries = client.metrics.deliveries

    def count(destination: str, ending: Ending, number: int) -> None:
        deliveries.labels(destination, ending).inc(number)

    return Dispatcher(pool=client.engine.pool, clock=client.clock, carrier=carrier, count=count)
