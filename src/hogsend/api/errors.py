"""The one shape of an error, and which error becomes which status."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from hogsend.db.pool import UNREACHABLE
from hogsend.errors import (
    ConflictError,
    HogsendError,
    InvalidInputError,
    NotFoundError,
    OverloadedError,
)

_log = structlog.get_logger(__name__)
_RETRY_AFTER_S: Final = 1
_METHODS: Final = ("GET", "PUT", "POST", "PATCH", "DELETE")
_NO_ROUTE: Final = {
    404: "Not Found: there is no such route; /docs lists them.",
    405: "Method Not Allowed: this route takes other methods; /docs lists them.",
}


class MalformedError(HogsendError):
    """The request cannot be read (400)."""


class TooLargeError(HogsendError):
    """The body is larger than allowed (413)."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The body is larger than {limit:,} bytes; send it in parts.")


def error_response(
    status: int,
    code: str,
    message: str,
    *,
    details: Sequence[Any] = (),
    retry_after: float | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An error as every route answers it; ``retry_after`` is in seconds."""
    body = {"error": {"code": code, "message": message, "details": list(details)}}
    headers = dict(headers or {})
    if retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return Response(
        msgspec.json.encode(body), status, headers=headers, media_type="application/json"
    )


def unavailable_response(error: Exception) -> Response:
    """The database cannot be reached."""
    _log.warning("database.unavailable", error=repr(error))
    message = "The database cannot be reached; nothing was stored. Try again."
    return error_response(503, "unavailable", message, retry_after=_RETRY_AFTER_S)


def _too_slow(error: TimeoutError) -> Response:
    """A read was cut off so that others get their turn; one by the network has a number."""
    if error.errno is not None:
        return unavailable_response(error)
    _log.warning("read.cut_off", error=repr(error))
    message = (
        "The database did not answer in time, so this was cut off; nothing was changed. "
        "Ask for less (a shorter time, a smaller page), or raise READ_TIMEOUT."
    )
    return error_response(503, "too_slow", message, retry_after=_RETRY_AFTER_S)


def install_error_handlers(app: FastAPI) -> None:
    """Give every exception its status and the one shape."""
    app.add_exception_handler(HTTPException, _no_route)
    for kind, respond in _RESPONSES.items():
        app.add_exception_handler(kind, _handler(respond))


def _handler(respond: Callable[[Any], Response]) -> Callable[[Request, Any], Awaitable[Response]]:
    async def handle(_: Request, error: Any) -> Response:
        return respond(error)

    return handle


def _invalid(error: InvalidInputError) -> Response:
    details = [{"field": error.field, "message": error.message}]
    return error_response(422, "invalid_value", str(error), details=details)


def _unusable(error: RequestValidationError) -> Response:
    details = [
        {"field": ".".join(map(str, fault["loc"][1:])), "message": fault["msg"]}
        for fault in error.errors()
    ]
    message = "; ".join(f"{fault['field']}: {fault['message']}" for fault in details)
    return error_response(422, "invalid_value", message, details=details)


async def _no_route(request: Request, error: Any) -> Response:
    """What the router and the framework raise: no such route, or not with this method."""
    code = str(error.detail).lower().replace(" ", "_")
    message = _NO_ROUTE.get(error.status_code, str(error.detail))
    headers = {"Allow": _allowed(request)} if "Allow" in (error.headers or {}) else error.headers
    return error_response(error.status_code, code, message, headers=headers)


def _allowed(request: Request) -> str:
    """All methods of the path; the router knows those of the first route that has it."""
    return ", ".join(
        method
        for method in _METHODS
        for route in request.app.routes
        if route.matches({**request.scope, "method": method})[0] is Match.FULL
    )


def _internal(error: Exception) -> Response:
    _log.error("request.failed", exc_info=error)
    return error_response(500, "internal", "Something went wrong here; the log has the trace.")


_RESPONSES: Final[dict[type[Exception], Callable[[Any], Response]]] = {
    MalformedError: lambda error: error_response(400, "malformed", str(error)),
    NotFoundError: lambda error: error_response(
        404, f"{error.kind.lower().replace(' ', '_')}_not_found", str(error)
    ),
    ConflictError: lambda error: error_response(409, "conflict", str(error)),
    TooLargeError: lambda error: error_response(413, "too_large", str(error)),
    InvalidInputError: _invalid,
    RequestValidationError: _unusable,
    OverloadedError: lambda error: error_response(
        503, "overloaded", str(error), retry_after=error.retry_after
    ),
    **dict.fromkeys(UNREACHABLE, unavailable_response),
    TimeoutError: _too_slow,
    Exception: _internal,
}
