"""Request bodies: bytes in, JSON out, whatever the client sends."""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

import msgspec
from fastapi import Request
from pydantic import BaseModel, ValidationError

from hogsend.api.errors import MalformedError, TooLargeError
from hogsend.errors import InvalidInputError

MAX_BATCH_BYTES: Final = 32 * 1024 * 1024
MAX_ITEM_BYTES: Final = 1024 * 1024
"""Two property bags of the largest size, and room for the rest."""
MAX_ADMIN_BYTES: Final = 64 * 1024

M = TypeVar("M", bound=BaseModel)


async def read_json(request: Request, limit: int) -> Any:
    """The decoded body, of at most ``limit`` bytes.

    Values that JSON does not have (NaN, 1e400, a lone surrogate) come through, so that the
    check of each item can refuse that item alone and say where it is.

    Raises:
        TooLargeError: The body has more than ``limit`` bytes.
        MalformedError: The body is not JSON at all.
    """
    return decode_json(await read_bytes(request, limit))


def decode_json(body: bytes) -> Any:
    """The decoded body, as ``read_json`` answers it.

    Raises:
        MalformedError: It is not JSON at all.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(body)


async def read_model(request: Request, model: type[M]) -> M:
    """The body of an admin request.

    Raises:
        TooLargeError: The body has more than ``MAX_ADMIN_BYTES``.
        MalformedError: The body is not JSON.
        InvalidInputError: It is, but not what was asked for.
    """
    body = await read_bytes(request, MAX_ADMIN_BYTES)
    try:
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        if fault["type"] == "json_invalid":
            raise MalformedError(f"The body is not JSON: {fault['msg']}") from None
        field = ".".join(map(str, fault["loc"])) or "body"
        raise InvalidInputError(field, fault["msg"]) from None


async def read_bytes(request: Request, limit: int) -> bytes:
    """The body as it came, of at most ``limit`` bytes.

    Raises:
        TooLargeError: It has more.
    """
    announced = request.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLargeError(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise TooLargeError(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _decode_leniently(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise MalformedError("The body is nested too deeply.") from error
    except ValueError as error:
        raise MalformedError(f"The body is not JSON: {error}") from error
