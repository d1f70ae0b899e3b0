"""The ASGI application: the API on a client, started and stopped with the server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from hogsend.api.errors import install_error_handlers
from hogsend.api.health import health_routes
from hogsend.api.ingest import ingest_routes
from hogsend.api.mail import mail_routes
from hogsend.api.openapi import publish_schemas
from hogsend.app.client import Client


def create_app(client: Client) -> FastAPI:
    """The HTTP application of a client, for any ASGI server.

    Args:
        client: Made by ``create_client``; it is started and stopped with the application.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(title="Hogsend", lifespan=lifespan)
    install_error_handlers(app)
    app.include_router(ingest_routes(client))
    app.include_router(health_routes(client))
    app.include_router(mail_routes(client))
    publish_schemas(app)
    return app
