"""Whether a process can serve, as load balancers and operators ask it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from hogsend.app.engine import Engine
from hogsend.buckets.registry import Registry
from hogsend.db.migrate import applied_revision, packaged_revisions
from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries
from hogsend.runtime.presence import living_workers

SQL = load_queries(__package__)

_PATIENCE_S: Final = 2.0
_KEPT_S: Final = 1.0


class Migrations(StrEnum):
    """How the database's schema compares with this code."""

    OK = "ok"
    PENDING = "pending"
    NEWER = "newer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a process is. What needs the database is None while that cannot be reached.

    Attributes:
        ready: Requests may be sent here.
        migrations: ``newer`` during a deploy: the next version has migrated already.
        registered: The database knows every bucket of this process's code.
        workers: How many workers are alive.
        worker_seen_at: When a worker was heard of last.
        pump_lag_s: For how long the oldest due timer has been waiting.
        error: Why the process is not ready, in words.
    """

    ready: bool
    database: str
    migrations: Migrations | None = None
    registered: bool | None = None
    workers: int | None = None
    worker_seen_at: datetime | None = None
    pump_lag_s: float | None = None
    error: str | None = None


class HealthCheck:
    """Looks, at most once a second however many ask: the route is open to everybody."""

    def __init__(self, engine: Engine, registry: Registry) -> None:
        self._engine = engine
        self._registry = registry
        self._turn = asyncio.Lock()
        self._latest: Health | None = None
        self._looked_at = 0.0

    async def look(self) -> Health:
        """How this process is; never raises."""
        async with self._turn:
            now = asyncio.get_running_loop().time()
            if self._latest is None or now - self._looked_at >= _KEPT_S:
                self._latest, self._looked_at = await self._look(), now
            return self._latest

    async def _look(self) -> Health:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                due_at = await self._engine.pump.next_due()
                async with self._engine.pool.acquire() as connection:
                    seen = await self._read(connection)
        except Exception as error:  # noqa: BLE001 - whatever it is, this process cannot serve
            why = f"The database cannot be reached ({type(error).__name__})."
            return Health(ready=False, database="unreachable", error=why)
        lag = timedelta(0) if due_at is None else self._engine.clock.now() - due_at
        return replace(seen, pump_lag_s=max(0.0, lag.total_seconds()))

    async def _read(self, connection: Connection) -> Health:
        migrations = _compare(await applied_revision(connection))
        ids = list(self._registry.buckets)
        registered = await connection.fetchval(SQL.count_registered, ids) == len(ids)
        living = await living_workers(connection, self._engine.clock.now())
        error = _complaint(migrations, registered=registered)
        return Health(
            ready=error is None,
            database="ok",
            migrations=migrations,
            registered=registered,
            workers=living.alive,
            worker_seen_at=living.seen_at,
            error=error,
        )


def _compare(applied: str | None) -> Migrations:
    known = packaged_revisions()
    if applied == known[-1]:
        return Migrations.OK
    return Migrations.PENDING if applied is None or applied in known else Migrations.NEWER


def _complaint(migrations: Migrations, *, registered: bool) -> str | None:
    """Why a process whose database answers is not ready, if so."""
    if migrations is Migrations.PENDING:
        return "The database lacks migrations of this version; run `hogsend migrate`."
    if not registered:
        return "Not all buckets of this process are registered in the database."
    return None
