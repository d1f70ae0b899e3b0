"""An app over HTTP, without a socket."""

from __future__ import annotations

from contextlib import asynccontextmanager

import httpx2
import pytest
from pydantic import SecretStr
from tests.databases import in_database

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


@pytest.fixture(scope="module")
def place(clones):
    """The name of a database for all tests of a module, one after the other."""
    name = clones.take()
    yield name
    clones.give_back(name)


@pytest.fixture
def database(server, clones, place):
    """That database, without rows."""
    yield in_database(server, place)
    clones.empty(place)


def put_together(database, **how):
    """A client and its application."""
    settings = make_settings(
        database, admin_api_key=SecretStr(ADMIN_KEY), admin_rate_limit=1_000_000
    )
    client = create_client(buckets=make_buckets(), settings=settings, **how)
    return client, create_app(client)


@pytest.fixture(scope="module")
def made(server, place):
    """Those of a module: an application takes longer to put together than a test."""
    return put_together(in_database(server, place))


@pytest.fixture
async def client(made, database):
    async with made[0] as started:
        yield started


@pytest.fixture
def app(made, client):
    """The application of the client, which is started."""
    return made[1]


@pytest.fixture
async def http(app, client):
    """Calls the app with the key of the environment."""
    async with calling(app) as opened:
        opened.engine = client.engine
        yield opened
