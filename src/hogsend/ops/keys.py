"""API keys: made, listed, revoked, and found again when somebody shows one.

A key is 256 random bits, so a plain SHA-256 of it can neither be reversed nor guessed; the table
has the hash and the first characters. It is found by its hash: how long that takes tells nothing
about any key.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from uuid_utils import uuid7

from hogsend.clock import Clock
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.errors import NotFoundError
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import Id, Instant, Listing, Page, Record

SQL = load_queries(__package__)

KEY_MARK: Final = "hog_"
_SHOWN: Final = 10
_USE_NOTED_EVERY: Final = timedelta(minutes=1)


class Scope(StrEnum):
    """What a key may do."""

    INGEST = "ingest"
    READ = "read"
    JOURNEY_ADMIN = "journey-admin"
    FULL_ADMIN = "full-admin"

    def allows(self, needed: Scope) -> bool:
        """Whether a key of this scope may do what takes ``needed``."""
        return needed in _IMPLIED[self]


_IMPLIED: Final[Mapping[Scope, frozenset[Scope]]] = {
    Scope.INGEST: frozenset({Scope.INGEST}),
    Scope.READ: frozenset({Scope.READ}),
    Scope.JOURNEY_ADMIN: frozenset({Scope.READ, Scope.JOURNEY_ADMIN}),
    Scope.FULL_ADMIN: frozenset(Scope),
}


class ApiKey(Record):
    """A key as it is shown: everything but the key.

    Attributes:
        prefix: Its first characters, to tell keys apart.
        last_used_at: To the minute.
    """

    id: Id
    name: str
    prefix: str
    scope: Scope
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    last_used_at: Instant | None

    def usable(self, now: datetime) -> bool:
        """Whether it opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiKeys(Listing):
    """Keys, newest first; revoked and expired ones stay listed."""

    api_keys: list[ApiKey]


class NewApiKey(Record):
    """A key that was just made; ``key`` is shown this once and stored nowhere."""

    api_key: ApiKey
    key: str


def new_key() -> str:
    """A key of 256 random bits."""
    return KEY_MARK + secrets.token_urlsafe(32)


def hash_key(key: str) -> bytes:
    """What is stored of a key; any text has one."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


async def create_key(
    pool: Pool,
    *,
    name: str,
    scope: Scope,
    expires_at: datetime | None,
    actor: str,
    now: datetime,
) -> NewApiKey:
    """Make a key and store its hash."""
    key = new_key()
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(
            SQL.create_key, uuid7(), name, key[:_SHOWN], hash_key(key), scope, now, expires_at
        )
        stored = ApiKey.of(row)
        await _record(connection, "api-key.create", stored, actor, now)
    return NewApiKey(api_key=stored, key=key)


async def list_keys(pool: Pool, page: Page) -> ApiKeys:
    """All keys there ever were, newest first."""
    rows = await pool.fetch(SQL.list_keys, page.limit, page.offset)
    return ApiKeys(
        api_keys=[ApiKey.of(row) for row in rows],
        total=await pool.fetchval(SQL.count_keys),
        limit=page.limit,
        offset=page.offset,
    )


async def revoke_key(pool: Pool, key_id: str, *, actor: str, now: datetime) -> ApiKey:
    """End the key with this UUID at once, in every process; again it changes nothing.

    Raises:
        NotFoundError: There is no such key.
    """
    async with pool.acquire() as connection, connection.transaction():
        row = await connection.fetchrow(SQL.revoke_key, key_id, now)
        if row is None:
            raise NotFoundError("API key", key_id, (), near=True)
        revoked = ApiKey.of(row)
        if revoked.revoked_at == now:
            await _record(connection, "api-key.revoke", revoked, actor, now)
    return revoked


async def _record(
    connection: Connection, name: str, key: ApiKey, actor: str, now: datetime
) -> None:
    detail = {"name": key.name, "prefix": key.prefix, "scope": key.scope}
    await record_action(
        connection, Action(actor=actor, name=name, target=key.id, detail=detail), now
    )


@dataclass(slots=True)
class _Question:
    """A hash somebody waits for."""

    hash: bytes
    answer: asyncio.Future[ApiKey | None]


class KeyFinder:
    """Finds keys by their hash, all that are asked for at a time in one statement.

    Each look-up begins after it was asked for, so a key revoked anywhere is refused at once
    everywhere; yet a thousand requests at a time cost a handful of statements.
    """

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self.pool = pool
        self._clock = clock
        self._questions: list[_Question] = []
        self._task: asyncio.Task[None] | None = None

    async def find(self, key: str) -> ApiKey | None:
        """The stored key, usable or not; None if there is none.

        Raises:
            OSError: The database cannot be reached; so may asyncpg's errors.
        """
        answer: asyncio.Future[ApiKey | None] = asyncio.get_running_loop().create_future()
        self._questions.append(_Question(hash_key(key), answer))
        if self._task is None:
            self._task = asyncio.create_task(self._answer_all())
        return await answer

    async def any_usable(self) -> bool:
        """Whether there is any key that opens anything."""
        found: bool = await self.pool.fetchval(SQL.any_usable_key, self._clock.now())
        return found

    async def _answer_all(self) -> None:
        try:
            while self._questions:
                taken, self._questions = self._questions, []
                await self._answer(taken)
        finally:
            self._task = None

    async def _answer(self, questions: list[_Question]) -> None:
        try:
            now = self._clock.now()
            hashes = list({question.hash for question in questions})
            found = {
                row["hash"]: row
                for row in await self.pool.fetch(SQL.find_keys, hashes, now, _USE_NOTED_EVERY)
            }
        except Exception as error:  # noqa: BLE001 - whoever asked is to know it
            for question in questions:
                if not question.answer.done():
                    question.answer.set_exception(error)
            return
        for question in questions:
            if not question.answer.done():
                row = found.get(question.hash)
                question.answer.set_result(None if row is None else _stored(row))


def _stored(row: Any) -> ApiKey:
    return ApiKey.of({name: value for name, value in row.items() if name != "hash"})
