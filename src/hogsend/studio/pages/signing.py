"""Signing in with a key or a link, and signing out."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hogsend.ops.audit import Action, note_action
from hogsend.ops.bad_keys import BadKeys
from hogsend.ops.callers import Caller, Callers
from hogsend.ops.keys import Scope, hash_key
from hogsend.ops.sessions import SESSION, Sessions
from hogsend.studio.access import COOKIE
from hogsend.studio.forms import read_form
from hogsend.studio.rendering import Studio, go_to

_log = structlog.get_logger(__name__)
_NEXT: Final = re.compile(r"/[\w./?=&%+~:@-]*")
_LONGEST_KEY: Final = 512
_GUESSES: Final = 10
_GUESS_FORGOTTEN_S: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refusal:
    """Why somebody is not let in."""

    text: str
    status: int = 401


class _Door:
    """Looks at the keys that are shown."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers
        self._bad_keys = BadKeys(allowed=_GUESSES, forgotten_every=_GUESS_FORGOTTEN_S)

    async def admit(self, key: str, address: str) -> Caller | _Refusal:
        """Whose key it is, if it opens Studio."""
        if not 0 < len(key) <= _LONGEST_KEY:
            return _Refusal(text="Enter an API key.", status=422)
        key_hash, now = hash_key(key), time.monotonic()
        if (wait := self._bad_keys.wait_for(address, key_hash, now)) > 0:
            text = f"Too many wrong keys from your address. Try again in {wait:.0f} s."
            return _Refusal(text=text, status=429)
        caller = await self._callers.find(key)
        if caller is None:
            self._bad_keys.note_bad(address, key_hash, now)
            _log.warning("key.refused", address=address, path="/studio")
            return await self._unknown()
        if not caller.scope.allows(Scope.READ):
            text = f"This key has the scope {caller.scope}; Studio takes read or above."
            return _Refusal(text=text, status=403)
        self._bad_keys.note_good(address, key_hash)
        return caller

    async def _unknown(self) -> _Refusal:
        if await self._callers.any_usable():
            return _Refusal(text="This key is unknown, expired or revoked.")
        return _Refusal(
            text="There is no API key yet. Make one with `hogsend keys create --scope full-admin`."
        )


def signing_pages(studio: Studio, sessions: Sessions, callers: Callers) -> APIRouter:
    """The pages that are open to everybody."""
    router = APIRouter()
    door = _Door(callers)

    @router.get("/sign-in")
    async def form(
        request: Request,
        next_: Annotated[str, Query(alias="next", max_length=2000)] = "/",
        ended: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    ) -> Response:
        token = request.cookies.get(COOKIE)
        if token is not None and await sessions.find(token) is not None:
            return go_to(request, _own(next_))
        hint = "Your session has ended. Sign in again." if ended else None
        return _form(studio, request, next_, hint=hint)

    @router.post("/sign-in")
    async def sign_in(request: Request) -> Response:
        fields = await read_form(request)
        next_ = fields.get("next", "/")
        answer = await door.admit(fields.get("key", "").strip(), _address(request))
        if isinstance(answer, _Refusal):
            return _form(studio, request, next_, fault=answer.text, status=answer.status)
        return await enter(request, answer, next_)

    @router.get("/sign-in/{token}")
    async def follow_link(request: Request, token: str) -> Response:
        caller = await sessions.redeem(token)
        if caller is None:
            fault = "This link was used, or is too old. Sign in with a key."
            return _form(studio, request, "/", fault=fault, status=401)
        return await enter(request, caller, "/")

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        token = request.cookies.get(COOKIE)
        if token is not None:
            await sessions.close(token)
        response = go_to(request, "/sign-in")
        response.delete_cookie(COOKIE, path=request.scope["root_path"])
        return response

    async def enter(request: Request, caller: Caller, next_: str) -> Response:
        action = Action(
            actor=caller.actor, name="studio.sign-in", target=caller.id, detail=_where(request)
        )
        await note_action(studio.client.engine.pool, action, studio.now)
        response = go_to(request, _own(next_))
        response.set_cookie(
            COOKIE,
            await sessions.open(caller),
            max_age=int(SESSION.total_seconds()),
            path=request.scope["root_path"],
            secure=_over_https(studio, request),
            httponly=True,
            samesite="lax",
        )
        return response

    return router


def _form(
    studio: Studio,
    request: Request,
    next_: str,
    *,
    hint: str | None = None,
    fault: str | None = None,
    status: int = 200,
) -> Response:
    return studio.page(request, "sign_in.html", status, next=_own(next_), hint=hint, fault=fault)


def _own(path: str) -> str:
    """A path of Studio's own; whatever else is asked for is the overview."""
    return path if _NEXT.fullmatch(path) and not path.startswith("//") else "/"


def _over_https(studio: Studio, request: Request) -> bool:
    """Whether the browser came by https, also through a proxy that does not say so."""
    public = urlsplit(studio.client.settings.public_url or "")
    proxied = public.scheme == "https" and request.headers.get("host") == public.netloc
    return request.url.scheme == "https" or proxied


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _where(request: Request) -> dict[str, str]:
    return {"address": _address(request)}
