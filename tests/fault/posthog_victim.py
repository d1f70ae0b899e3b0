"""A worker that delivers to PostHog, and may be killed at any moment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.integration.outbox.synced import BUSY, NAMES, PRO
from tests.posthog_server import KEY

from hogsend.clock import SystemClock
from hogsend.db.pool import create_pool
from hogsend.integrations.delivery import Retries
from hogsend.integrations.dispatcher import Dispatcher
from hogsend.integrations.posthog.backfill import PropertyBackfill
from hogsend.integrations.posthog.carrier import PostHogApi, PostHogCarrier
from hogsend.runtime.service import Service

TIMEOUT_S = 0.2
LATE = timedelta(seconds=1.0)
"""How late a request may be worked on, and so, when it is confirmed."""


def dispatcher(pool, port, *, users=40):
    """Quick to lose patience, and to come back."""
    clock = SystemClock()
    backoff = [timedelta(seconds=s) for s in (0.02, 0.05, 0.1, 0.2) + (0.3,) * 40]
    carrier = PostHogCarrier(
        PostHogApi(KEY, f"http://127.0.0.1:{port}", timeout_s=TIMEOUT_S),
        pool=pool,
        clock=clock,
        retries=Retries(clock.now, backoff),
        confirm_after=LATE,
    )
    carrier.users = users
    carrier._rest._patience = 1_000_000
    return Dispatcher(pool=pool, clock=clock, carrier=carrier, lease=timedelta(seconds=0.5))


def run(dsn: str, port: int) -> None:
    asyncio.run(_run(dsn, port))


async def _run(dsn, port):
    pool = await create_pool(dsn, min_size=1, max_size=3)
    services = [
        Service("posthog", dispatcher(pool, port)),
        Service("backfill", PropertyBackfill(pool=pool, clock=SystemClock())),
    ]
    for service in services:
        service.start()
    await asyncio.Event().wait()


__all__ = ["BUSY", "LATE", "NAMES", "PRO", "dispatcher", "run"]
