"""Connections to PostgreSQL: UTC sessions, and ``jsonb`` as Python values.

An element of a ``jsonb[]`` parameter may be any value except a list, which asyncpg would
take for a further dimension of the array; wrap lists in an object.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import asyncpg
import msgspec

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = (
    "asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]"
)

UNREACHABLE: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.ObjectNotInPrerequisiteStateError,
)
"""What it looks like when the server is not there, is going away, or takes nobody in."""

STATEMENT_CACHE_SIZE: Final = 200
_JSONB_VERSION: Final = b"\x01"
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


async def create_pool(
    dsn: str,
    *,
    min_size: int = 1,
    max_size: int = 10,
    statement_cache_size: int = STATEMENT_CACHE_SIZE,
    schema: str | None = None,
    application_name: str = "hogsend",
    read_only: bool = False,
) -> asyncpg.Pool[asyncpg.Record]:
    """Open a pool whose every connection is as ``connect`` makes it.

    Args:
        dsn: A ``postgresql://`` URL.
        min_size: Connections opened at once.
        max_size: Connections at most.
        statement_cache_size: Prepared statements kept per connection; 0 behind a pooler.
        schema: The only schema on the search path; None leaves the server's default.
        application_name: What ``pg_stat_activity`` shows.
        read_only: The server refuses every write.
    """
    session = _session(application_name, schema)
    if read_only:
        session["default_transaction_read_only"] = "on"
    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        statement_cache_size=statement_cache_size,
        server_settings=session,
        init=_prepare,
        reset=_keep,
    )


async def connect(
    dsn: str,
    *,
    statement_cache_size: int = STATEMENT_CACHE_SIZE,
    schema: str | None = None,
    application_name: str = "hogsend",
    timeout: float = 60,  # noqa: ASYNC109 - asyncpg's own, which also closes the socket
) -> asyncpg.Connection[asyncpg.Record]:
    """Open one connection; arguments as for ``create_pool``, ``timeout`` in seconds."""
    connection = await asyncpg.connect(
        dsn,
        statement_cache_size=statement_cache_size,
        server_settings=_session(application_name, schema),
        timeout=timeout,
    )
    await _prepare(connection)
    return connection


def _session(application_name: str, schema: str | None) -> dict[str, str]:
    settings = {
        "application_name": application_name,
        "timezone": "UTC",
        # Left to choose, the server plans the hot statements anew each time: 0.3 ms of 0.4.
        "plan_cache_mode": "force_generic_plan",
    }
    if schema is not None:
        settings["search_path"] = quote(schema)
    return settings


def quote(identifier: str) -> str:
    """``identifier`` as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


async def _keep(_connection: object) -> None:
    """Hand a connection back as it is: we never change a session, and a reset is a round trip."""


async def _prepare(connection: Any) -> None:
    """Teach a new connection that ``jsonb`` is any JSON value.

    The binary form is the text behind one version byte; the text form would be parsed
    by the server from a string literal, which costs more on both sides.
    """
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=_encode_jsonb,
        decoder=_decode_jsonb,
        format="binary",
    )


def _encode_jsonb(value: object) -> bytes:
    return _JSONB_VERSION + _encoder.encode(value)


def _decode_jsonb(data: bytes) -> Any:
    return _decoder.decode(data[1:])
