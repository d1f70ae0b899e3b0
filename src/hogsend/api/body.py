"""Request bodies: bytes in, JSON out, whatever the client sends."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec
from fastapi import Request

from hogsend.api.errors import MalformedError, TooLargeError

MAX_BODY_BYTES: Final = 32 * 1024 * 1024


async def read_json(request: Request) -> Any:
    """The decoded body.

    Values that JSON does not have (NaN, 1e400, a lone surrogate) come through, so that the
    check of each item can refuse that item alone and say where it is.

    Raises:
        TooLargeError: The body has more than ``MAX_BODY_BYTES``.
        MalformedError: The body is not JSON at all.
    """
    body = await _read(request)
    try:
        return msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _decode_leniently(body)


async def _read(request: Request) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_BODY_BYTES:
            raise TooLargeError(MAX_BODY_BYTES)
        chunks.append(chunk)
    return b"".join(chunks)


def _decode_leniently(body: bytes) -> Any:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise MalformedError("The body is nested too deeply.") from error
    except ValueError as error:
        raise MalformedError(f"The body is not JSON: {error}") from error
