"""Signs a webhook as Standard Webhooks says, and sends it. https://www.standardwebhooks.com/."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import httpx2
import msgspec
from standardwebhooks import Webhook

from hogsend.errors import InvalidInputError
from hogsend.integrations.webhooks.addresses import ForbiddenAddressError, check_url, resolve
from hogsend.integrations.webhooks.endpoints import Endpoint

TIMEOUT_S: Final = 10.0
_SHOWN_BYTES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of an attempt; without a ``status`` there was no answer."""

    status: int | None
    error: str | None
    took_ms: int
    retry_after: float | None = None

    @property
    def arrived(self) -> bool:
        """Whether the receiver took it."""
        return self.error is None


class Sender:
    """Sends webhooks, each on a connection of its own, to an address that was checked.

    Args:
        allow_private: Whether addresses that are not public are fine, and http without TLS.
        timeout_s: For the whole of an attempt.
    """

    def __init__(self, *, allow_private: bool = False, timeout_s: float = TIMEOUT_S) -> None:
        self._allow_private = allow_private
        self._timeout_s = timeout_s
        # Kept connections are found by address; another name there must not get this one's.
        self._client = httpx2.AsyncClient(
            timeout=timeout_s,
            trust_env=False,
            follow_redirects=False,
            limits=httpx2.Limits(max_keepalive_connections=0),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def send(
        self, endpoint: Endpoint, message_id: str, payload: Mapping[str, Any], now: datetime
    ) -> Sent:
        """Send one webhook; never raises for what the other side does."""
        started = time.perf_counter()
        status: int | None = None
        error: str | None = None
        retry_after: float | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                status, said, retry_after = await self._post(endpoint, message_id, payload, now)
            if not httpx2.codes.is_success(status):
                error = f"answered {status}: {said}"
        except TimeoutError:
            error = f"no answer within {self._timeout_s:g} s"
        except (ForbiddenAddressError, InvalidInputError) as fault:
            error = str(fault)
        except (httpx2.TransportError, OSError, ValueError) as fault:
            error = f"cannot be reached: {fault!r}"
        took_ms = int(1000 * (time.perf_counter() - started))
        return Sent(status=status, error=error, took_ms=took_ms, retry_after=retry_after)

    async def _post(
        self, endpoint: Endpoint, message_id: str, payload: Mapping[str, Any], now: datetime
    ) -> tuple[int, str, float | None]:
        parts = check_url(endpoint.url, allow_private=self._allow_private)
        address = await resolve(parts, allow_private=self._allow_private)
        body = msgspec.json.encode(payload).decode()
        netloc = f"[{address}]" if ":" in address else address
        if parts.port is not None:
            netloc += f":{parts.port}"
        request = self._client.build_request(
            "POST",
            parts._replace(netloc=netloc).geturl(),
            content=body.encode(),
            headers={
                "Host": parts.netloc,
                "Content-Type": "application/json",
                "User-Agent": "Hogsend",
                "webhook-id": message_id,
                "webhook-timestamp": str(int(now.timestamp())),
                "webhook-signature": Webhook(endpoint.secret).sign(message_id, now, body),
            },
            extensions={"sni_hostname": parts.hostname or ""},
        )
        answer = await self._client.send(request, stream=True)
        try:
            return answer.status_code, await _beginning(answer), _retry_after(answer)
        finally:
            await answer.aclose()


async def _beginning(answer: httpx2.Response) -> str:
    """The first bytes of an answer, however long it is."""
    if answer.is_success:
        return ""
    said = b""
    async for chunk in answer.aiter_raw():
        said += chunk
        if len(said) >= _SHOWN_BYTES:
            break
    return said[:_SHOWN_BYTES].decode(errors="replace")


def _retry_after(answer: httpx2.Response) -> float | None:
    text = answer.headers.get("retry-after", "")
    return min(float(text), 86_400.0) if text.isdecimal() else None
