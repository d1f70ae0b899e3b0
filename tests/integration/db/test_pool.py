"""Connections are as the engine needs them."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hogsend.db.pool import connect, create_pool

if TYPE_CHECKING:
    import asyncpg

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _text,
    lambda inner: st.lists(inner) | st.dictionaries(_text, inner),
)


@given(value=_json)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=50,
)
async def test_jsonb_takes_and_returns_any_json_value(
    connection: asyncpg.Connection, value: Any
) -> None:
    """What goes into ``jsonb`` comes out equal, floats to their last digit but one."""
    returned = await connection.fetchval("SELECT $1::jsonb", value)
    assert _alike(returned, value)


def _alike(one: Any, other: Any) -> bool:
    match one, other:
        case list(), list():
            return len(one) == len(other) and all(map(_alike, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(_alike(one[k], other[k]) for k in one)
        case (float(), _) | (_, float()):  # a whole float comes back as an integer
            return math.isclose(one, other)
        case _:
            return bool(one == other)


async def test_jsonb_arrays_carry_python_values(connection: asyncpg.Connection) -> None:
    """``unnest`` over ``jsonb[]``, as ingest uses it, takes Python values."""
    rows = [{"plan": "pro"}, {}, {"list": [1, None]}, "text", None]
    returned = await connection.fetch("SELECT unnest($1::jsonb[]) AS value", rows)
    assert [row["value"] for row in returned] == rows


async def test_sessions_are_in_utc(connection: asyncpg.Connection) -> None:
    """Text made from a timestamp by the server is in UTC whatever the machine's zone."""
    assert await connection.fetchval("SHOW timezone") == "UTC"
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert await connection.fetchval("SELECT $1::timestamptz::text", at) == "2026-01-01 00:00:00+00"
    assert await connection.fetchval("SHOW application_name") == "hogsend"


@pytest.mark.parametrize("schema", ["scratch", 'odd"name, with everything'])
async def test_schema_is_the_only_one_on_the_path(database: str, schema: str) -> None:
    """Unqualified names are made and found in the schema given."""
    connection = await connect(database, schema=schema)
    quoted = schema.replace('"', '""')
    await connection.execute(f'CREATE SCHEMA "{quoted}"; CREATE TABLE thing ()')
    found = await connection.fetchval("SELECT schemaname FROM pg_tables WHERE tablename = 'thing'")
    assert found == schema
    await connection.close()


async def test_pool_connections_are_prepared_too(database: str) -> None:
    """A pool's connections have the codec and keep to the pool's sizes."""
    pool = await create_pool(database, min_size=2, max_size=3, statement_cache_size=0)
    assert (pool.get_size(), pool.get_max_size()) == (2, 3)
    assert await pool.fetchval("SELECT $1::jsonb", {"a": [1]}) == {"a": [1]}
    assert await pool.fetchval("SHOW timezone") == "UTC"
    await pool.close()


async def test_a_transaction_given_up_halfway_is_not_handed_on(database):
    """The next user of the pool gets a connection on which nothing is under way."""
    async with await create_pool(database, max_size=1) as pool:
        async with pool.acquire() as connection:
            await connection.execute("BEGIN")
        async with pool.acquire() as connection, connection.transaction():
            assert await connection.fetchval("SELECT 1") == 1
