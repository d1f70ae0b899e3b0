"""One PostgreSQL for the whole run, and a migrated database without rows for each test that asks.

``TEST_DATABASE_URL`` or ``DATABASE_URL`` names a server to use instead (its user must be
able to create databases); ``HOGSEND_PG_BIN`` names other binaries for our own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
import structlog
from tests.databases import Databases, create, drop, in_database
from tests.warm import Warm

from hogsend.db.embedded import EmbeddedPostgres
from hogsend.db.pool import connect, create_pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

_HOME_VARIABLE = "HOGSEND_TEST_HOME"
_QUICK = {
    "fsync": "off",  # what has to survive kill -9 is tested on servers of its own
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
}


def pytest_configure(config: pytest.Config) -> None:
    """Choose the run's private directory; xdist's workers inherit it."""
    if not hasattr(config, "workerinput"):
        os.environ[_HOME_VARIABLE] = tempfile.mkdtemp(prefix="hogsend-test-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """The workers have left; wait for the server to stop, if any test started it."""
    if not hasattr(config, "workerinput"):
        home = Path(os.environ.pop(_HOME_VARIABLE))
        asyncio.run(EmbeddedPostgres(home).wait_stopped())
        shutil.rmtree(home)


@pytest.fixture(autouse=True)
def _own_log() -> Iterator[None]:
    """Undo what a command did to the log: its stream is closed once its test is over."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The DSN of a server's maintenance database."""
    given = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL")
    if given:
        yield given
        return
    binaries = os.environ.get("HOGSEND_PG_BIN")
    embedded = EmbeddedPostgres(
        Path(os.environ[_HOME_VARIABLE]),
        binaries=Path(binaries) if binaries else None,
        settings=_QUICK,
    )
    asyncio.run(embedded.start())
    yield embedded.dsn
    asyncio.run(embedded.stop())


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """Where ``hogsend`` processes come from."""
    started = Warm()
    yield started
    started.close()


@pytest.fixture(scope="session")
def clones(server: str) -> Iterator[Databases]:
    """The databases of this worker."""
    made = Databases(server)
    made.open()
    yield made
    made.close()


@pytest.fixture
async def empty_database(server: str) -> AsyncIterator[str]:
    """The DSN of a fresh database without a schema."""
    name = await create(server, "template0")
    yield in_database(server, name)
    await drop(server, name)


@pytest.fixture
def database(server: str, clones: Databases) -> Iterator[str]:
    """The DSN of a migrated database without rows."""
    name = clones.take()
    yield in_database(server, name)
    clones.give_back(name)


second_database = database
"""Another one, for a test that compares two."""


@pytest.fixture
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to ``database``, as the engine opens them."""
    opened = await connect(database)
    yield opened
    with contextlib.suppress(asyncpg.PostgresError):
        await opened.close()


@pytest.fixture
async def pool(database: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool on ``database``, as the engine opens it."""
    opened = await create_pool(database, min_size=1, max_size=10)
    yield opened
    await opened.close()
