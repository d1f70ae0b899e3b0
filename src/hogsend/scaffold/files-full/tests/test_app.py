"""The app as it is deployed: it starts, and its own tables are there."""

from hogsend import create_client


async def test_it_starts_on_an_empty_database(hogsend_database, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", hogsend_database)
    async with create_client(app="my_app") as client:
        assert await client.engine.pool.fetchval("SELECT count(*) FROM feedback") == 0
