"""The ASGI application: API and Studio on a client, started and stopped with the server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from fastapi import FastAPI

from hogsend.api.buckets import bucket_routes
from hogsend.api.contacts import contact_admin_routes, contact_routes
from hogsend.api.errors import install_error_handlers
from hogsend.api.explanations import explain_routes
from hogsend.api.gate import Gate
from hogsend.api.headers import SecureHeaders
from hogsend.api.health import health_routes
from hogsend.api.ingest import ingest_routes
from hogsend.api.intake import Intake
from hogsend.api.journeys import journey_routes, run_routes
from hogsend.api.keys import audit_routes, key_routes
from hogsend.api.mail import mail_routes
from hogsend.api.metrics import event_admin_routes, metrics_routes
from hogsend.api.observe import Observe
from hogsend.api.openapi import operation_id, publish_schema
from hogsend.api.outbox import outbox_routes
from hogsend.api.plans import plan_routes
from hogsend.api.reference import reference_routes
from hogsend.api.scrape import scrape_routes
from hogsend.api.shortcut import Shortcut
from hogsend.api.webhook_endpoints import endpoint_routes
from hogsend.api.webhooks import webhook_routes
from hogsend.app.client import Client
from hogsend.integrations.sources.definition import WebhookSource
from hogsend.ops.callers import Callers, warn_of_short_key
from hogsend.studio.app import PATH as STUDIO
from hogsend.studio.app import create_studio

_ROUTES: Final = (
    contact_routes,
    health_routes,
    bucket_routes,
    explain_routes,
    plan_routes,
    metrics_routes,
    event_admin_routes,
    journey_routes,
    run_routes,
    contact_admin_routes,
    key_routes,
    audit_routes,
    outbox_routes,
    endpoint_routes,
    mail_routes,
    scrape_routes,
)


def create_app(client: Client, *, webhook_sources: Sequence[WebhookSource] = ()) -> FastAPI:
    """The HTTP application of a client, for any ASGI server.

    Args:
        client: Made by ``create_client``; it is started and stopped with the application.
        webhook_sources: Whose webhooks are received, besides those of the client.

    Raises:
        DefinitionError: Two sources have one id.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=operation_id,
    )
    ingest = ingest_routes(client)
    app.add_middleware(
        Shortcut,
        routes=ingest.routes,
        intake=Intake(lambda: client.engine.batcher.is_full),
        handlers=app.exception_handlers,
    )
    warn_of_short_key(client.settings)
    callers = Callers(client)
    app.add_middleware(Gate, callers=callers, limit=client.settings.admin_rate_limit)
    app.add_middleware(SecureHeaders)
    app.add_middleware(Observe, metrics=client.metrics)
    install_error_handlers(app)
    app.include_router(ingest)
    for routes in _ROUTES:
        app.include_router(routes(client))
    app.include_router(webhook_routes(client, [*client.webhook_sources, *webhook_sources]))
    app.include_router(reference_routes(app))
    app.mount(STUDIO, create_studio(client, callers))
    publish_schema(app)
    return app
