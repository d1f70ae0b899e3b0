"""What the forms of Studio send."""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qsl

from fastapi import Request

from hogsend.errors import InvalidInputError

_LARGEST: Final = 16_384
_MOST_FIELDS: Final = 50


async def read_form(request: Request) -> dict[str, str]:
    """The fields of a form; of several with one name the last.

    Raises:
        InvalidInputError: It is too long, or not a form.
    """
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _LARGEST:
            raise InvalidInputError("form", f"is longer than {_LARGEST:,} bytes")
    try:
        text = body.decode()
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise InvalidInputError("form", "cannot be read") from error
