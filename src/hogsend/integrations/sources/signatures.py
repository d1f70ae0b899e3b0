"""How senders prove who they are. All comparisons take the same time whatever is compared."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from hogsend.errors import DefinitionError

_BEARER: Final = "Bearer "


def key_of(source: str, secret: str) -> bytes:
    """A shared secret as bytes.

    Raises:
        DefinitionError: It is empty, so that everybody would know it.
    """
    if not secret:
        raise DefinitionError(
            [f"webhook source {source!r}: the secret is empty; set it to the sender's"]
        )
    return secret.encode()


def same(given: str | None, wanted: str) -> bool:
    """Whether a header is there and says what it has to."""
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())


def bears(headers: Mapping[str, str], key: bytes, header: str) -> bool:
    """Whether the secret itself is in ``header``, or in ``Authorization: Bearer``."""
    authorization = headers.get("authorization", "")
    bearer = authorization.removeprefix(_BEARER) if authorization.startswith(_BEARER) else None
    wanted = key.decode()
    return same(headers.get(header), wanted) | same(bearer, wanted)


def hex_digest(key: bytes, body: bytes, algorithm: str) -> str:
    """The HMAC of ``body`` in hexadecimal."""
    return hmac.new(key, body, getattr(hashlib, algorithm)).hexdigest()


def is_stamped(header: str, key: bytes, body: bytes, now: datetime, tolerance: timedelta) -> bool:
    """Whether ``t=SECONDS,v1=HEX[,v1=HEX...]`` signs ``SECONDS.body`` not too long ago."""
    parts = [part.partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in parts if name.strip() == "t"]
    if len(stamps) != 1 or not stamps[0].isdecimal() or len(stamps[0]) > len("253402300799"):
        return False
    age = now.timestamp() - int(stamps[0])
    wanted = hex_digest(key, stamps[0].encode() + b"." + body, "sha256")
    signed = [same(value, wanted) for name, _, value in parts if name.strip() == "v1"]
    return any(signed) and abs(age) <= tolerance.total_seconds()
