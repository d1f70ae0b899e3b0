"""Databases for tests: made from a template, emptied, dropped, and swept after a kill."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import pytest
from tests.testing.buckets import on_trial

from hogsend.errors import ConfigurationError, DatabaseError
from hogsend.testing import simulate
from hogsend.testing.databases import Databases, depot
from hogsend.testing.owner import Owner
from hogsend.testing.server import Place, find_place, in_database
from hogsend.testing.template import ensure_template, template_name


async def names(server: str) -> set[str]:
    connection = await asyncpg.connect(server)
    try:
        return {row["datname"] for row in await connection.fetch("SELECT datname FROM pg_database")}
    finally:
        await connection.close()


@pytest.fixture
async def owner(server):
    registered = await Owner.register(server)
    yield registered
    if not registered.lost:
        await registered.close()


@pytest.fixture
async def databases(server):
    made = Databases(Place(url=server))
    yield made
    await made.close()


async def test_a_database_is_used_again_and_is_empty(databases):
    """Everything that the engine wrote is gone; the schema stays."""
    lease = await databases.lease()
    await lease.connection.execute(
        "INSERT INTO contacts (user_id, created_at, updated_at) VALUES ('u1', now(), now())"
    )
    await databases.give_back(lease)
    again = await databases.lease()
    assert again.name == lease.name
    assert await again.connection.fetchval("SELECT count(*) FROM contacts") == 0
    assert await again.connection.fetchval("SELECT count(*) FROM hogsend_alembic_version") == 1


async def test_a_new_database_holds_no_rows(databases):
    """So that emptying one makes it as good as new: migrations must not insert rows."""
    lease = await databases.lease()
    assert await lease.filled() == []


async def test_a_database_that_cannot_be_emptied_is_dropped(databases, server):
    """Somebody is still connected and holds a lock; the next one gets another database."""
    lease = await databases.lease()
    await lease.connection.execute("SET lock_timeout = 10")
    await lease.connection.execute(
        "INSERT INTO contacts (user_id, created_at, updated_at) VALUES ('u1', now(), now())"
    )
    intruder = await asyncpg.connect(lease.dsn)
    await intruder.execute("BEGIN; LOCK contacts IN ACCESS SHARE MODE")
    await databases.give_back(lease)
    assert lease.name not in await names(server)
    assert (await databases.lease()).name != lease.name
    await intruder.close()


async def test_leaving_drops_what_was_made(server):
    """Leases that nobody gave back, too."""
    databases = Databases(Place(url=server))
    kept, free = await databases.lease(), await databases.lease()
    await databases.give_back(free)
    await databases.close()
    assert not {kept.name, free.name} & await names(server)


async def test_an_owner_that_lost_its_connection_is_replaced(databases, server):
    """A server that was restarted costs the simulations under way, not the ones after."""
    lease = await databases.lease()
    await databases.give_back(lease)
    connection = await asyncpg.connect(server)
    await connection.fetch(
        "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
        "AND objid = $1::bigint::oid",
        int(lease.name.split("_")[2], 16),
    )
    await connection.close()
    async with asyncio.timeout(10):
        while not databases._owner.lost:  # noqa: ASYNC110 - asyncpg has no signal for it
            await asyncio.sleep(0)
    other = await databases.lease()
    assert other.name != lease.name
    assert lease.name not in await names(server)


async def test_a_killed_run_is_swept_and_a_living_one_is_not(server, owner):
    """Whoever comes next drops what nobody owns any more, and nothing else."""
    alive = await owner.create(await ensure_template(owner))
    code = (
        "import asyncio, os\n"
        "from hogsend.testing import simulate\n"
        "async def main():\n"
        "    async with simulate() as sim:\n"
        "        name = await sim._engine.pool.fetchval('SELECT current_database()')\n"
        "        print(name, flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    made = (await victim.stdout.readline()).decode().strip()
    assert made.startswith("hogsend_sim_")
    await owner.sweep()
    assert made in await names(server)
    victim.kill()
    await victim.communicate()
    while made in await names(server):  # the server takes a moment to notice
        await owner.sweep()
    assert alive in await names(server)


async def test_the_template_is_made_once(owner, server):
    """It is found by its name, which tells the schema; it takes no connections."""
    assert await ensure_template(owner) == await ensure_template(owner) == template_name()
    with pytest.raises(asyncpg.PostgresError, match="not currently accepting connections"):
        await asyncpg.connect(in_database(server, template_name()))


async def test_templates_of_other_schemas_are_dropped(owner, server, monkeypatch):
    """When a new one is made; databases with other names stay."""
    old = "hogsend_template_0000_0123456789ab"
    other = f"{old}_mine"
    for name in (old, other):
        await owner.seal(await owner.create("template0"), name)
    new = "hogsend_template_9999_0123456789ab"
    monkeypatch.setattr("hogsend.testing.template.template_name", lambda: new)
    assert await ensure_template(owner) == new
    left = await names(server)
    assert {new, other} <= left
    assert old not in left
    await owner.drop(other)


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "mysql://app"])
async def test_a_server_that_is_not_there_is_named_as_such(url):
    """With what to do."""
    with pytest.raises(DatabaseError, match="unset them to have one started"):
        async with simulate(database=url):
            pass


async def test_a_user_who_may_not_create_databases_is_told(server):
    """With what to do."""
    connection = await asyncpg.connect(server)
    await connection.execute("DROP ROLE IF EXISTS hogsend_humble; CREATE ROLE hogsend_humble LOGIN")
    owner = await Owner.register(server)
    await owner._connection.execute("SET ROLE hogsend_humble")
    with pytest.raises(DatabaseError, match="CREATEDB"):
        await owner.create("template0")
    await owner._connection.execute("RESET ROLE")
    await owner.close()
    await connection.execute("DROP ROLE hogsend_humble")
    await connection.close()


def test_where_the_server_is(clean_environment, monkeypatch, tmp_path):
    """What a test names, else the test variable, else the app's, else one of our own."""
    assert find_place(None) == Place(home=tmp_path / ".hogsend" / "testing")
    monkeypatch.setenv("DATABASE_URL", "postgresql://app")
    assert find_place(None) == Place(url="postgresql://app")
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://test")
    assert find_place(None) == Place(url="postgresql://test")
    assert find_place("postgresql://given") == Place(url="postgresql://given")


async def test_the_database_that_is_named_is_not_touched(database):
    """It only says on which server."""
    async with simulate(buckets=[on_trial()], database=database) as sim:
        await sim.contact("u1", plan="trial")
    connection = await asyncpg.connect(database)
    assert await connection.fetchval("SELECT count(*) FROM contacts") == 0
    await connection.close()


def test_one_place_has_one_set_of_databases():
    """However often it is asked for."""
    assert depot() is depot()
    assert depot().databases(None) is depot().databases(None)


def test_a_wrong_setting_is_named(monkeypatch):
    """As everywhere else."""
    monkeypatch.delenv("TEST_DATABASE_URL")
    monkeypatch.setenv("DATABASE_URL", "mysql://app")
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        find_place(None)
