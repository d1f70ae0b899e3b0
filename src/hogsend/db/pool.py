"""Connections to PostgreSQL: UTC sessions, and ``jsonb`` as Python values.

``statement_cache_size=0`` is for a pooler that lends a server connection for one transaction
(pgbouncer's ``pool_mode = transaction``). Nothing may then outlive a transaction: neither a
prepared statement nor a setting of the session, and such a pooler refuses most settings at start.

An element of a ``jsonb[]`` parameter may be any value except a list, which asyncpg would
take for a further dimension of the array; wrap lists in an object.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias
from uuid import uuid4

import asyncpg
import msgspec

from hogsend.errors import DatabaseError

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

PASSING: Final = (*UNREACHABLE, asyncpg.TransactionRollbackError)
"""What is not the fault of what was being done, and may go well the next time."""

STATEMENT_CACHE_SIZE: Final = 200

_PROBES: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
}
"""How the engine's statements are planned: each looks up a few rows by index.

Left to choose, the server plans the hot ones anew each time: 0.3 ms of 0.4. But a plan that is kept
and was made while the tables were empty would read whole tables, and join with them, until the next
ANALYZE; that is excluded. What is excluded counts as dear, which must not set off the compiler.
"""

_QUESTIONS: Final = {
    "plan_cache_mode": "force_custom_plan",
    "default_transaction_read_only": "on",
}
"""How operators' questions are planned: by the tables as they are."""

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
    command_timeout: float | None = None,
) -> asyncpg.Pool[asyncpg.Record]:
    """Open a pool whose every connection is as ``connect`` makes it.

    Args:
        dsn: A ``postgresql://`` URL.
        min_size: Connections opened at once.
        max_size: Connections at most.
        statement_cache_size: Prepared statements kept per connection; 0 behind a pooler.
        schema: The only schema on the search path; None leaves the server's default.
        application_name: What ``pg_stat_activity`` shows.
        read_only: For questions, each planned by itself; the server refuses every write (a pooler's
            does not).
        command_timeout: Seconds after which a statement is cancelled with a ``TimeoutError``.
    """
    planning = _QUESTIONS if read_only else _PROBES
    how = _how(statement_cache_size, application_name, schema, planning)
    with _poolers_recognised():
        return await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            command_timeout=command_timeout,
            **how,
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
    with _poolers_recognised():
        connection: asyncpg.Connection[asyncpg.Record] = await asyncpg.connect(
            dsn, timeout=timeout, **_how(statement_cache_size, application_name, schema, _PROBES)
        )
    await _prepare(connection)
    return connection


def _how(
    statement_cache_size: int, application_name: str, schema: str | None, planning: dict[str, str]
) -> dict[str, Any]:
    """What is the same for a connection and for those of a pool."""
    settings = {"application_name": application_name, "timezone": "UTC"}
    if schema is not None:
        settings["search_path"] = quote(schema)
    if statement_cache_size == 0:  # a pooler keeps the settings above, and refuses any other
        return {
            "statement_cache_size": 0,
            "server_settings": settings,
            "connection_class": _PooledConnection,
        }
    return {"statement_cache_size": statement_cache_size, "server_settings": settings | planning}


@contextmanager
def _poolers_recognised() -> Iterator[None]:
    """Say what to do when there turns out to be a pooler."""
    try:
        yield
    except asyncpg.ProtocolViolationError as error:
        if "startup parameter" not in str(error):
            raise
        raise DatabaseError(
            f"The database cannot be connected to: {error}. It seems to be behind a pooler such as "
            "pgbouncer: set STATEMENT_CACHE_SIZE=0, or connect to PostgreSQL itself."
        ) from error


class _PooledConnection(asyncpg.Connection):
    """A connection of which the server's end changes from one transaction to the next."""

    async def prepare(self, query: str, *, name: str | None = None, **options: Any) -> Any:
        """Under a name that no other client of the pooler has given to a statement."""
        return await super().prepare(query, name=name or f"hogsend_{uuid4().hex}", **options)


def quote(identifier: str) -> str:
    """``identifier`` as SQL."""
    return '"' + identifier.replace('"', '""') + '"'


async def _keep(connection: Any) -> None:
    """Hand a connection back as it is: we never change a session, and a reset is a round trip.

    One that was given up in the middle of a transaction, its rollback cut off, is not used again.
    """
    if connection.is_in_transaction():
        connection.terminate()


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
