"""An app over HTTP, without a socket."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr

from hogsend import days
from hogsend.app.client import create_client
from hogsend.asgi import create_app
from hogsend.buckets.definition import define_bucket
from hogsend.settings import Settings

ADMIN_KEY = "the-admin-key"


def make_buckets():
    """Fresh definitions."""
    return [
        define_bucket(
            id="buyers",
            name="Buyers",
            description="Who bought twice.",
            criteria=lambda b: b.event("buy").at_least(2),
        ),
        define_bucket(
            id="went-quiet",
            name="Went quiet",
            criteria=lambda b: b.all(
                b.event("seen").exists(), b.event("seen").within(days(7)).not_exists()
            ),
            max_dwell=days(30),
        ),
        define_bucket(id="pro", name="Pro", criteria=lambda b: b.prop("plan").eq("pro")),
    ]


def make_settings(database, **values):
    return Settings(database_url=SecretStr(database), **values)


@asynccontextmanager
async def calling(app, key=ADMIN_KEY, address="127.0.0.1"):
    """A caller of ``app`` with a key, from an address."""
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False, client=(address, 1))
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(
        transport=transport, base_url="http://test", headers=headers
    ) as opened:
        yield opened


@pytest.fixture
async def client(database):
    made = create_client(
        buckets=make_buckets(),
        settings=make_settings(database, admin_api_key=SecretStr(ADMIN_KEY)),
    )
    async with made:
        yield made


@pytest.fixture
async def http(client):
    """Calls the app with the key of the environment."""
    async with calling(create_app(client)) as opened:
        opened.engine = client.engine
        yield opened
