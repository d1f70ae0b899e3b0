"""The gate before all routes: who asks, and may they?

It decides from method, path and headers alone, before the body is read and before routing. The
order of its answers: 401 or 503 without a good key, 429 for too many bad ones, 403 for a scope
that does not reach, 429 for too many admin requests.
"""

from __future__ import annotations

import time
from typing import Final

import structlog
from fastapi import Response
from starlette._utils import get_route_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hogsend.api.access import is_admin, required_scope
from hogsend.api.errors import error_response, unavailable_response
from hogsend.api.throttle import Quota, RequestLimit
from hogsend.db.pool import UNREACHABLE
from hogsend.ops.bad_keys import BadKeys
from hogsend.ops.callers import Caller, Callers
from hogsend.ops.keys import Scope as KeyScope
from hogsend.ops.keys import hash_key

_log = structlog.get_logger(__name__)

_HOW: Final = "Send the header `Authorization: Bearer KEY`."
_MAX_KEY_BYTES: Final = 512
_UNCONFIGURED_RETRY_S: Final = 30


class Gate:
    """Lets a request through if its key reaches; the routes find the ``Caller`` in its state.

    Args:
        app: What is behind.
        callers: Whose keys open it.
        limit: Admin requests a minute with one key.
    """

    def __init__(self, app: ASGIApp, *, callers: Callers, limit: int) -> None:
        self._app = app
        self._callers = callers
        self._bad_keys = BadKeys()
        self._requests = RequestLimit(limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        path = get_route_path(scope) if scope["type"] == "http" else ""
        needed = required_scope(scope["method"], path) if path else None
        if needed is None:
            await self._app(scope, receive, send)
            return
        try:
            caller = await self._identify(scope, path)
        except UNREACHABLE as error:
            caller = unavailable_response(error)
        if isinstance(caller, Caller) and not caller.scope.allows(needed):
            caller = _forbidden(caller, needed)
        if isinstance(caller, Response):
            await caller(scope, receive, send)
            return
        scope.setdefault("state", {})["caller"] = caller
        await self._limit(caller, path)(scope, receive, send)

    async def _identify(self, scope: Scope, path: str) -> Caller | Response:
        key = _bearer(scope)
        if key is None:
            return await self._refuse(path, f"This route takes an API key. {_HOW}")
        address = scope["client"][0] if scope["client"] else ""
        key_hash, now = hash_key(key), time.monotonic()
        if (wait := self._bad_keys.wait_for(address, key_hash, now)) > 0:
            message = f"Too many bad keys from this address; wait {wait:.0f} s."
            return error_response(429, "too_many_bad_keys", message, retry_after=wait)
        if (caller := await self._callers.find(key)) is not None:
            self._bad_keys.note_good(address, key_hash)
            return caller
        self._bad_keys.note_bad(address, key_hash, now)
        _log.warning("key.refused", address=address, path=path)
        return await self._refuse(path, "This API key is unknown, expired or revoked.")

    async def _refuse(self, path: str, message: str) -> Response:
        if is_admin(path) and not await self._callers.any_usable():
            return error_response(
                503,
                "no_key_configured",
                "There is no API key yet. Set ADMIN_API_KEY, or make one with "
                "`hogsend keys create --scope full-admin`.",
                retry_after=_UNCONFIGURED_RETRY_S,
            )
        return error_response(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})

    def _limit(self, caller: Caller, path: str) -> ASGIApp:
        if not is_admin(path):
            return self._app
        quota = self._requests.take(caller.id, time.monotonic())
        if quota.remaining >= 0:
            return _with_headers(self._app, quota)
        message = f"More than {quota.limit:,} requests a minute with this key."
        refusal = error_response(429, "rate_limited", message, retry_after=quota.reset)
        return _with_headers(refusal, quota)


def _bearer(scope: Scope) -> str | None:
    """The key that a request shows."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            kind, _, key = value.partition(b" ")
            if kind.lower() == b"bearer" and 0 < len(key) <= _MAX_KEY_BYTES:
                return str(key, "latin-1").strip() or None
    return None


def _forbidden(caller: Caller, needed: KeyScope) -> Response:
    message = f"This takes a key with the scope {needed}; this one has {caller.scope}."
    return error_response(403, "forbidden", message, details=[{"needed": needed}])


def _with_headers(app: ASGIApp, quota: Quota) -> ASGIApp:
    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        async def add_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *quota.headers]
            await send(message)

        await app(scope, receive, add_headers)

    return respond
