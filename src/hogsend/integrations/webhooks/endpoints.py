"""Endpoints: whom to tell of what. The database is authoritative; processes look once a second.

An endpoint's secret is kept as it is, since signing takes it. A deleted endpoint is remembered for
a while, so that what processes queued before they knew is dropped.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct
from uuid_utils import uuid7

from hogsend.clock import Clock
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

REFRESH_S: Final = 1.0
PREFIX: Final = "whsec_"
_REMEMBERED: Final = timedelta(hours=1)
_SECRET_BYTES: Final = 32


class Topic(StrEnum):
    """What an endpoint can be told of."""

    BUCKET_ENTERED = "bucket.entered"
    BUCKET_LEFT = "bucket.left"
    BUCKET_DWELL = "bucket.dwell"
    JOURNEY_COMPLETED = "journey.completed"
    JOURNEY_FAILED = "journey.failed"


TEST: Final = "webhook.test"
"""What a test send is about; nobody has to ask for it."""


class Endpoint(Struct, frozen=True, kw_only=True):
    """Somebody who is told by webhook."""

    id: UUID
    url: str
    topics: Sequence[str]
    description: str
    secret: bytes
    created_at: datetime
    deleted_at: datetime | None = None

    @property
    def shown_secret(self) -> str:
        """The secret as the receiver's library takes it."""
        return PREFIX + b64encode(self.secret).decode()


class Directory:
    """The endpoints that there are, as this process knows them."""

    def __init__(self, *, pool: Pool, clock: Clock) -> None:
        self._pool = pool
        self._clock = clock
        self.endpoints: Mapping[str, Endpoint] = {}
        self._asking: Mapping[str, Sequence[str]] = {}

    async def run_once(self) -> float:
        """Look again; returns the seconds until the next look."""
        found = await self._pool.fetch(SQL.load_endpoints, self._clock.now() - _REMEMBERED)
        self.endpoints = {str(row["id"]): read_endpoint(row) for row in found}
        asking: dict[str, list[str]] = {}
        for id_, endpoint in self.endpoints.items():
            for topic in endpoint.topics if endpoint.deleted_at is None else ():
                asking.setdefault(topic, []).append(id_)
        self._asking = asking
        return REFRESH_S

    @property
    def anybody(self) -> bool:
        """Whether anybody asks to be told of anything."""
        return bool(self._asking)

    def asking(self, topic: str) -> Sequence[str]:
        """The ids of those who ask to be told of ``topic``."""
        return self._asking.get(topic, ())


def read_endpoint(row: Any) -> Endpoint:
    """A row of ``webhook_endpoints``."""
    return Endpoint(**{**row, "id": UUID(str(row["id"]))})


async def create_endpoint(
    connection: Connection, *, url: str, topics: Sequence[str], description: str, now: datetime
) -> Endpoint:
    """Store a new endpoint with a secret of its own."""
    row = await connection.fetchrow(
        SQL.create_endpoint,
        uuid7(),
        url,
        list(topics),
        description,
        secrets.token_bytes(_SECRET_BYTES),
        now,
    )
    return read_endpoint(row)


async def find_endpoint(connection: Connection | Pool, endpoint_id: str) -> Endpoint | None:
    """An endpoint that is not deleted."""
    row = await connection.fetchrow(SQL.find_endpoint, endpoint_id)
    return None if row is None else read_endpoint(row)


async def delete_endpoint(connection: Connection, endpoint_id: str, now: datetime) -> bool:
    """Tell it nothing more, also of what waits; whether there was one."""
    row = await connection.fetchrow(SQL.delete_endpoint, endpoint_id, now)
    if row is None:
        return False
    await connection.execute(SQL.drop_waiting, endpoint_id)
    return True
