"""What visitors see when something is wrong: a page that says what, and what to do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from hogsend.db.pool import UNREACHABLE
from hogsend.errors import ConflictError, InvalidInputError, NotFoundError
from hogsend.studio.access import ForbiddenError, ForeignRequestError, SignedOutError
from hogsend.studio.rendering import Studio, go_to

_log = structlog.get_logger(__name__)
_NO_PAGE: Final = "There is no such page."
_TITLES: Final = {
    403: "Not allowed",
    404: "Not found",
    405: "Not like this",
    409: "Not now",
    422: "That cannot be read",
    500: "Something went wrong here",
    503: "The database cannot be reached",
    504: "This took too long",
}
_STATUSES: Final[dict[type[Exception], int]] = {
    ForbiddenError: 403,
    ForeignRequestError: 403,
    NotFoundError: 404,
    ConflictError: 409,
    InvalidInputError: 422,
    RequestValidationError: 422,
    **dict.fromkeys(UNREACHABLE, 503),
    TimeoutError: 504,
    Exception: 500,
}


def install_fault_pages(app: FastAPI, studio: Studio) -> None:
    """Give every exception its page."""
    for kind, status in _STATUSES.items():
        app.add_exception_handler(kind, _answering(studio, status))
    app.add_exception_handler(SignedOutError, _sign_in)
    app.add_exception_handler(HTTPException, _no_page(studio))


def fault_page(request: Request, studio: Studio, status: int, text: str) -> Response:
    """A page that says what is wrong."""
    return studio.page(
        request, "fault.html", status, title=_TITLES.get(status, "Error"), text=text, code=status
    )


def _answering(studio: Studio, status: int) -> Callable[[Request, Any], Awaitable[Response]]:
    async def answer(request: Request, error: Any) -> Response:
        if status == 500:  # noqa: PLR2004 - ours
            _log.error("studio.failed", exc_info=error)
        return fault_page(request, studio, status, _text(error, status))

    return answer


def _text(error: Exception, status: int) -> str:
    match status:
        case 500:
            return "The log has the trace. Reloading may help; if not, tell whoever runs this."
        case 503:
            _log.warning("database.unavailable", error=repr(error))
            return "Nothing is lost: reload in a moment."
        case 504:
            _log.warning("read.cut_off", error=repr(error))
            return "The database did not answer in time, so this was cut off. Nothing was changed."
    if isinstance(error, RequestValidationError):
        return "; ".join(f"{fault['loc'][-1]}: {fault['msg']}" for fault in error.errors())
    return str(error)


def _no_page(studio: Studio) -> Callable[[Request, Any], Awaitable[Response]]:
    async def answer(request: Request, error: Any) -> Response:
        text = _NO_PAGE if error.status_code == 404 else str(error.detail)  # noqa: PLR2004
        return fault_page(request, studio, error.status_code, text)

    return answer


async def _sign_in(request: Request, _: Any) -> Response:
    """To the form, and from there back to where one was."""
    if "hx-request" in request.headers:
        path = request.scope["root_path"] + "/sign-in?ended=1"
        return Response(status_code=401, headers={"HX-Redirect": path})
    if request.method != "GET":
        return go_to(request, "/sign-in?ended=1")
    here = request.url.path.removeprefix(request.scope["root_path"])
    query = f"?{request.url.query}" if request.url.query else ""
    asked = "" if here in {"", "/"} else "?" + urlencode({"next": here + query})
    return go_to(request, "/sign-in" + asked)
