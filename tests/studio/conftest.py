"""Studio of the API tests' app, over HTTP without a socket."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr
from tests.integration.api.conftest import ADMIN_KEY, make_buckets, make_settings

from hogsend.app.client import create_client
from hogsend.asgi import create_app
from hogsend.ops.keys import create_key

ORIGIN = "http://test"


@asynccontextmanager
async def browsing(app, address="127.0.0.1", base_url=ORIGIN, **headers):
    """A browser without scripts: it keeps cookies, and says where its forms are from."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1))
    headers = {"Origin": base_url} | headers
    async with httpx2.AsyncClient(
        transport=transport, base_url=base_url, headers=headers
    ) as opened:
        yield opened


async def sign_in(browser, key=ADMIN_KEY, **fields):
    """Send the form."""
    return await browser.post("/studio/sign-in", data={"key": key, **fields})


async def make_key(client, scope, **values):
    """A key in the database."""
    return await create_key(
        client.engine.pool,
        name=str(scope),
        scope=scope,
        expires_at=values.get("expires_at"),
        actor="test",
        now=client.clock.now(),
    )


@pytest.fixture
async def client(database):
    settings = make_settings(database, admin_api_key=SecretStr(ADMIN_KEY))
    async with create_client(buckets=make_buckets(), settings=settings) as made:
        yield made


@pytest.fixture
async def app(client):
    return create_app(client)
