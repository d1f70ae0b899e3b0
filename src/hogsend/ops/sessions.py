"""Who is signed in to Studio: rows, so that any process knows, and signing out is final.

A session is a random token in a cookie; the table has its hash. It ends after ``SESSION``, when
its owner signs out, and as soon as the key that opened it is revoked, expires or is replaced: the
key is looked at on every request. A link is a token too, which opens one session and is gone.

ADMIN_API_KEY is in no table. Its sessions carry a proof of it, keyed with the token, which tells
who reads the table nothing about the key.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from hogsend.app.client import Client
from hogsend.db.queries import load_queries
from hogsend.ops.callers import ENVIRONMENT, Caller, Callers
from hogsend.ops.keys import ApiKey, hash_key

SQL = load_queries(__package__)

SESSION: Final = timedelta(hours=12)
LINK: Final = timedelta(minutes=10)


class _Kind(StrEnum):
    SESSION = "session"
    LINK = "link"


class Sessions:
    """Opens, finds and ends sessions.

    Args:
        client: Whose Studio it is; it need not be started yet.
        callers: Whose keys open it.
    """

    def __init__(self, client: Client, callers: Callers) -> None:
        self._client = client
        self._callers = callers

    async def open(self, caller: Caller) -> str:
        """A new session's token, for its cookie."""
        return await self._keep(_Kind.SESSION, caller, SESSION)

    async def find(self, token: str) -> Caller | None:
        """Whose session it is; None if it has ended, or its key opens nothing any more."""
        row = await self._client.engine.pool.fetchrow(
            SQL.find_session, hash_key(token), _Kind.SESSION, self._now
        )
        return None if row is None else self._caller(dict(row), token)

    async def close(self, token: str) -> None:
        """Sign out; again it changes nothing."""
        await self._client.engine.pool.execute(
            SQL.end_session, hash_key(token), _Kind.SESSION, self._now
        )

    async def make_link(self) -> str:
        """A token that opens one session for whoever has ADMIN_API_KEY, within ``LINK``."""
        return await self._keep(_Kind.LINK, self._callers.environment, LINK)

    async def redeem(self, token: str) -> Caller | None:
        """Whose link it was; None if it is used up, too old, or its key is another one now."""
        row = await self._client.engine.pool.fetchrow(
            SQL.end_session, hash_key(token), _Kind.LINK, self._now
        )
        return None if row is None else self._of_environment(row["proof"], token)

    async def _keep(self, kind: _Kind, caller: Caller, lasts: timedelta) -> str:
        token = secrets.token_urlsafe(32)
        environment = caller.id == ENVIRONMENT
        await self._client.engine.pool.execute(
            SQL.open_session,
            hash_key(token),
            kind,
            None if environment else caller.id,
            self._proof(token) if environment else None,
            self._now,
            self._now + lasts,
        )
        return token

    def _caller(self, row: Mapping[str, Any], token: str) -> Caller | None:
        if row["id"] is None:
            return self._of_environment(row["proof"], token)
        return self._callers.of_key(
            ApiKey.of({name: value for name, value in row.items() if name != "proof"})
        )

    def _of_environment(self, proof: bytes | None, token: str) -> Caller | None:
        expected = self._proof(token)
        if proof is None or expected is None or not hmac.compare_digest(proof, expected):
            return None
        return self._callers.environment

    def _proof(self, token: str) -> bytes | None:
        known = self._callers.admin_hash
        return None if known is None else hmac.digest(token.encode(), known, "sha256")

    @property
    def _now(self) -> datetime:
        return self._client.clock.now()
