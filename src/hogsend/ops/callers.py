"""Whose key it is: one in the database, or the one of the environment."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Final

import structlog

from hogsend.app.client import Client
from hogsend.ops.keys import ApiKey, KeyFinder, Scope, hash_key
from hogsend.settings import Settings

_log = structlog.get_logger(__name__)

ENVIRONMENT: Final = "env"
_GUESSABLE_BELOW: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who showed a key.

    Attributes:
        id: Tells keys apart: the key's id, or ``env``.
        actor: What the audit log calls them.
    """

    id: str
    actor: str
    scope: Scope


class Callers:
    """Finds who a key belongs to.

    Args:
        client: Whose keys they are; it need not be started yet.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        secret = client.settings.admin_api_key
        self.admin_hash = None if secret is None else hash_key(secret.get_secret_value())
        self._finder: KeyFinder | None = None

    async def find(self, key: str) -> Caller | None:
        """Whose key it is; None if it opens nothing.

        Raises:
            OSError: The database cannot be reached; so may asyncpg's errors.
        """
        if self.admin_hash is not None and hmac.compare_digest(hash_key(key), self.admin_hash):
            return self.environment
        return self.of_key(await self._keys.find(key))

    @property
    def environment(self) -> Caller:
        """Who has ADMIN_API_KEY."""
        return Caller(id=ENVIRONMENT, actor="ADMIN_API_KEY", scope=Scope.FULL_ADMIN)

    def of_key(self, key: ApiKey | None) -> Caller | None:
        """Who has a stored key, if it is usable now."""
        if key is None or not key.usable(self._client.clock.now()):
            return None
        return Caller(id=key.id, actor=f"key:{key.prefix} ({key.name})", scope=key.scope)

    async def any_usable(self) -> bool:
        """Whether there is any key that opens something."""
        return self.admin_hash is not None or await self._keys.any_usable()

    @property
    def _keys(self) -> KeyFinder:
        """On the pool of the running client; another one each time it is started."""
        pool = self._client.engine.pool
        if self._finder is None or self._finder.pool is not pool:
            self._finder = KeyFinder(pool, self._client.clock)
        return self._finder


def warn_of_short_key(settings: Settings) -> None:
    """Log if ADMIN_API_KEY can be guessed."""
    secret = settings.admin_api_key
    if secret is not None and len(secret) < _GUESSABLE_BELOW:
        advice = "take a long random one, e.g. of `openssl rand -base64 32`"
        _log.warning("admin_api_key.short", advice=advice)
