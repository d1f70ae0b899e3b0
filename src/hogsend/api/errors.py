"""The one shape of an error, and which error becomes which status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from hogsend.db.pool import UNREACHABLE
from hogsend.errors import HogsendError, InvalidInputError, OverloadedError

_log = structlog.get_logger(__name__)
_RETRY_AFTER_S = 1


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
) -> Response:
    """An error as every route answers it."""
    body = {"error": {"code": code, "message": message, "details": list(details)}}
    headers = {} if retry_after is None else {"Retry-After": str(max(1, round(retry_after)))}
    return Response(
        msgspec.json.encode(body), status, headers=headers, media_type="application/json"
    )


def install_error_handlers(app: FastAPI) -> None:
    """Give every exception its status and the one shape."""

    @app.exception_handler(MalformedError)
    async def malformed(_: Request, error: MalformedError) -> Response:
        return error_response(400, "malformed", str(error))

    @app.exception_handler(TooLargeError)
    async def too_large(_: Request, error: TooLargeError) -> Response:
        return error_response(413, "too_large", str(error))

    @app.exception_handler(InvalidInputError)
    async def invalid(_: Request, error: InvalidInputError) -> Response:
        details = [{"field": error.field, "message": error.message}]
        return error_response(422, "invalid_value", str(error), details=details)

    @app.exception_handler(OverloadedError)
    async def overloaded(_: Request, error: OverloadedError) -> Response:
        return error_response(503, "overloaded", str(error), retry_after=error.retry_after)

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        code = str(error.detail).lower().replace(" ", "_")
        return error_response(error.status_code, code, str(error.detail))

    async def unavailable(_: Request, error: Exception) -> Response:
        _log.warning("database.unavailable", error=repr(error))
        message = "The database cannot be reached; nothing was stored. Try again."
        return error_response(503, "unavailable", message, retry_after=_RETRY_AFTER_S)

    for kind in UNREACHABLE:
        app.add_exception_handler(kind, unavailable)

    @app.exception_handler(Exception)
    async def internal(request: Request, error: Exception) -> Response:
        _log.error("request.failed", path=request.url.path, exc_info=error)
        return error_response(500, "internal", "Something went wrong here; the log has the trace.")
