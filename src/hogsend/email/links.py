"""Signed links with which whoever has the mail can unsubscribe, without a key or a login."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

import msgspec

from hogsend.email.errors import LinkError

PATH: Final = "/v1/email/unsubscribe"
_PURPOSE: Final = b"hogsend unsubscribe\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What a link is about: one category, or with None everything but transactional mail."""

    user_id: str
    category: str | None


class Links:
    """Makes and reads the links.

    Args:
        secret: Signs them; a link is good for as long as the secret is the same.
        public_url: Where the API is reached from outside.
    """

    def __init__(self, *, secret: bytes, public_url: str) -> None:
        self._secret = secret
        self._home = public_url.rstrip("/") + PATH

    def url(self, subscription: Subscription) -> str:
        """The address of the page with the button; a POST there unsubscribes."""
        return f"{self._home}?token={quote(self.token(subscription))}"

    def token(self, subscription: Subscription) -> str:
        """The part of the link that nobody else can make."""
        claim = _text(msgspec.json.encode([subscription.user_id, subscription.category]))
        return f"{claim}.{self._sign(claim)}"

    def read(self, token: str) -> Subscription:
        """What a link is about.

        Raises:
            LinkError: It was not made here, or is not as it was made.
        """
        claim, _, signature = token.partition(".")
        if not token.isascii() or not hmac.compare_digest(signature, self._sign(claim)):
            raise LinkError(
                "This link is not complete, or not one of ours. Open it from the mail once more, "
                "in one piece."
            )
        user_id, category = msgspec.json.decode(_bytes(claim), type=tuple[str, str | None])
        return Subscription(user_id=user_id, category=category)

    def _sign(self, claim: str) -> str:
        return _text(hmac.digest(self._secret, _PURPOSE + claim.encode(), hashlib.sha256))


def list_headers(url: str) -> dict[str, str]:
    """The headers that let a mail program unsubscribe with one click (RFC 2369, RFC 8058)."""
    return {
        "List-Unsubscribe": f"<{url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
