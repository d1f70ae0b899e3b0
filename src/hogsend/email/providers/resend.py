"""Mail by Resend's HTTP API. It keeps idempotency keys for 24 hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import httpx2

from hogsend.email.errors import PermanentMailError, TransientMailError
from hogsend.email.model import Message
from hogsend.email.returns import Return

URL: Final = "https://api.resend.com"
_TIMEOUT_S: Final = 10
_OURS: Final = frozenset({401, 403})
_CONCURRENT: Final = "concurrent_idempotent_requests"


class Resend:
    """Hands mail to Resend.

    Args:
        api_key: Of an account that may send from ``MAIL_FROM``.
        url: Where the API is.
    """

    name = "resend"

    def __init__(self, api_key: str, *, url: str = URL) -> None:
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {api_key}"},
            timeout=_TIMEOUT_S,
        )

    async def send(self, message: Message) -> str:
        """Hand over ``message``; Resend's id of it."""
        try:
            answer = await self._client.post(
                "/emails", json=_write(message), headers={"Idempotency-Key": message.key}
            )
        except httpx2.TransportError as error:
            raise TransientMailError(f"Resend cannot be reached: {error!r}") from error
        if answer.is_success:
            return _id(answer)
        raise _refusal(answer)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def read_webhook(payload: Mapping[str, Any]) -> Return | None:
    """What a webhook of Resend's, whose signature is checked, says about a mail; None: nothing.

    Raises:
        KeyError: It is not shaped like one.
    """
    match payload["type"]:
        case "email.bounced":
            bounce = payload["data"].get("bounce") or {}
            return Return(
                provider_id=payload["data"]["email_id"],
                complaint=False,
                permanent=bounce.get("type", "Permanent") == "Permanent",
                detail=str(bounce.get("message") or "bounced"),
            )
        case "email.complained":
            return Return(
                provider_id=payload["data"]["email_id"],
                complaint=True,
                permanent=True,
                detail="marked as spam",
            )
        case _:
            return None


def _write(message: Message) -> dict[str, Any]:
    return {
        "from": message.from_,
        "to": [message.to],
        "subject": message.content.subject,
        "html": message.content.html,
        "text": message.content.text,
        "headers": dict(message.headers),
    }


def _id(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise TransientMailError(f"Resend answered without an id: {answer.text[:200]}") from error


def _refusal(answer: httpx2.Response) -> TransientMailError | PermanentMailError:
    """What a refusal means: about this mail it is final; about us or Resend it may pass."""
    name, said = _said(answer)
    if answer.status_code in _OURS:
        return TransientMailError(f"{said}. Look at RESEND_API_KEY and MAIL_FROM.")
    later = answer.status_code == httpx2.codes.TOO_MANY_REQUESTS or name == _CONCURRENT
    if later or answer.is_server_error:
        return TransientMailError(said, retry_after=_retry_after(answer))
    return PermanentMailError(said)


def _said(answer: httpx2.Response) -> tuple[str, str]:
    try:
        body = answer.json()
        name, message = str(body.get("name", "")), str(body.get("message", ""))
    except (ValueError, AttributeError):
        name, message = "", answer.text[:200]
    return name, f"Resend answered {answer.status_code} {name}: {message.rstrip('.')}"


def _retry_after(answer: httpx2.Response) -> float | None:
    try:
        return max(0.0, float(answer.headers["retry-after"]))
    except (KeyError, ValueError):
        return None
