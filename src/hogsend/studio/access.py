"""Who may see Studio, and who may change something in it."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import urlsplit

from fastapi import Depends, Request

from hogsend.app.client import Client
from hogsend.errors import HogsendError
from hogsend.ops.callers import Caller
from hogsend.ops.keys import Scope
from hogsend.ops.sessions import Sessions

COOKIE: Final = "hogsend_studio"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class SignedOutError(HogsendError):
    """Nobody is signed in, or their session has ended."""


class ForbiddenError(HogsendError):
    """Who is signed in may not do this; the message says what it takes."""


class ForeignRequestError(HogsendError):
    """Another site's page sent this."""


class Admission:
    """The checks before a route, as FastAPI's dependencies.

    Args:
        client: Whose Studio it is.
        sessions: Who is signed in.
    """

    def __init__(self, client: Client, sessions: Sessions) -> None:
        self._public_host = urlsplit(client.settings.public_url or "").netloc
        self._sessions = sessions

    async def signed_in(self, request: Request) -> None:
        """Let those in who are signed in; routes find the ``Caller`` in the request's state."""
        token = request.cookies.get(COOKIE)
        caller = None if token is None else await self._sessions.find(token)
        if caller is None or not caller.scope.allows(Scope.READ):
            raise SignedOutError("Sign in first.")
        request.state.caller = caller

    async def same_site(self, request: Request) -> None:
        """Refuse to change anything for a page that is not Studio's own.

        Browsers say where a request comes from, in ``Sec-Fetch-Site`` over https and on this
        machine, in ``Origin`` always; a page cannot forge either.
        """
        if request.method in _SAFE:
            return
        site = request.headers.get("sec-fetch-site")
        if site == "same-origin" or (site is None and self._is_own(request)):
            return
        raise ForeignRequestError("This was sent by a page of another site; nothing was changed.")

    def _is_own(self, request: Request) -> bool:
        host = urlsplit(request.headers.get("origin", "")).netloc
        return host != "" and host in {request.headers.get("host"), self._public_host}


def caller_of(request: Request) -> Caller:
    """Who is signed in."""
    caller: Caller = request.state.caller
    return caller


def may_operate(caller: Caller) -> bool:
    """Whether they may change something."""
    return caller.scope.allows(Scope.JOURNEY_ADMIN)


def _operator(request: Request) -> Caller:
    caller = caller_of(request)
    if not may_operate(caller):
        raise ForbiddenError(
            f"This takes a key with the scope {Scope.JOURNEY_ADMIN}; you signed in with one of "
            f"the scope {caller.scope}. Nothing was changed."
        )
    return caller


Operator = Annotated[Caller, Depends(_operator)]
"""Who is signed in and may change something."""
