"""Brings memberships to PostHog: one ``/batch/`` request for many people, through its SDK."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Final, Protocol

import structlog

from hogsend.clock import Clock
from hogsend.db.literals import text_array
from hogsend.db.pool import Pool
from hogsend.errors import HogsendError
from hogsend.integrations.delivery import Rest, Retries
from hogsend.integrations.outbox import Claimed, Ending, Settled
from hogsend.integrations.posthog.sync import DESTINATION, SQL
from hogsend.integrations.sources.posthog import OURS

TIMEOUT_S: Final = 15.0
CONFIRM_AFTER: Final = timedelta(minutes=10)
"""A request that ran into a timeout may be worked on behind the next one, but not so much later."""

_SET: Final = "$set"
_TOO_LARGE: Final = 413
_BAD: Final = frozenset({400, _TOO_LARGE, 422})
_UNKNOWN_END: Final = frozenset({502, 504})

_log = structlog.get_logger(__name__)

Event = Mapping[str, Any]


class RefusedError(HogsendError):
    """PostHog did not take a batch.

    Args:
        message: Why.
        status: Of its answer; None: there was none.
        retry_after: Seconds that it asks to be left alone.
    """

    def __init__(
        self, message: str, *, status: int | None = None, retry_after: float | None = None
    ) -> None:
        self.status = status
        self.retry_after = retry_after
        super().__init__(message)

    @property
    def sure(self) -> bool:
        """Whether the batch is known not to be worked on any more."""
        return self.status is not None and self.status not in _UNKNOWN_END

    @property
    def bad(self) -> bool:
        """Whether it is the batch's fault."""
        return self.status in _BAD


class Api(Protocol):
    """Where batches go."""

    async def post(self, events: Sequence[Event]) -> None:
        """Have events taken in, in order; raises ``RefusedError``."""
        ...


class PostHogApi:
    """PostHog's capture API through its SDK.

    The SDK's client would queue in memory and lose it with the process; of it, the request is
    used: where the API is, how it is spoken to, and what an answer means.

    Args:
        key: The project's API key.
        host: Where it is, e.g. ``https://eu.i.posthog.com``.
        timeout_s: For how long to wait for an answer.
    """

    def __init__(self, key: str, host: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._key = key
        self._host = host
        self._timeout_s = timeout_s

    async def post(self, events: Sequence[Event]) -> None:
        """Have events taken in, in order.

        Raises:
            RefusedError: They were not, or there is no telling.
        """
        await asyncio.to_thread(self._post, list(events))

    def _post(self, events: list[Event]) -> None:
        from posthog.request import APIError, batch_post, determine_server_host  # noqa: PLC0415

        try:
            batch_post(
                self._key,
                determine_server_host(self._host),
                gzip=True,
                timeout=self._timeout_s,
                batch=events,
            )
        except APIError as error:
            status = int(error.status)
            message = f"PostHog answered {status}: {str(error.message)[:500]}"
            raise RefusedError(message, status=status, retry_after=error.retry_after) from error
        except OSError as error:  # what the SDK's HTTP library raises is one
            raise RefusedError(f"PostHog cannot be reached: {error!r}") from error


class PostHogCarrier:
    """Delivers rows about memberships: what holds when they are sent.

    Of several rows of a pair the latest is sent, under its id, and stands for all of them.
    """

    users = 500
    rows = 20
    in_order = False

    def __init__(
        self,
        api: Api,
        *,
        pool: Pool,
        clock: Clock,
        retries: Retries,
        confirm_after: timedelta = CONFIRM_AFTER,
    ) -> None:
        self._api = api
        self._pool = pool
        self._clock = clock
        self._retries = retries
        self._rest = Rest(patience=1)
        self.confirm_after: timedelta | None = confirm_after

    def destinations(self, now: Any) -> Sequence[str]:
        """PostHog, unless it refused lately."""
        return (DESTINATION,) if self._rest.over(now) else ()

    async def carry(self, rows: Sequence[Claimed]) -> list[Settled]:
        """Send what holds now."""
        latest = {_pair(row): row for row in rows}
        found = await self._pool.fetch(
            SQL.members_among,
            text_array([user_id for user_id, _ in latest]),
            text_array([bucket_id for _, bucket_id in latest]),
        )
        members = {(row["user_id"], row["bucket_id"]) for row in found}
        refused = await self._send(
            [(pair, _event(row, member=pair in members)) for pair, row in latest.items()]
        )
        return [self._settled(row, refused.get(_pair(row))) for row in rows]

    async def _send(
        self, events: Sequence[tuple[tuple[str, str], Event]]
    ) -> dict[tuple[str, str], RefusedError]:
        """Which were refused. A batch that is refused as such is halved until it is one event."""
        try:
            await self._api.post([event for _, event in events])
        except RefusedError as refusal:
            if refusal.bad and len(events) > 1:
                half = len(events) // 2
                return {**await self._send(events[:half]), **await self._send(events[half:])}
            if not refusal.bad:
                now = self._clock.now()
                self._rest.note(now, works=False, retry_after=refusal.retry_after)
                _log.warning("posthog.refused", events=len(events), error=str(refusal))
            return dict.fromkeys((pair for pair, _ in events), refusal)
        self._rest.note(self._clock.now(), works=True)
        return {}

    def _settled(self, row: Claimed, refusal: RefusedError | None) -> Settled:
        if refusal is None:
            return Settled(row=row, ending=Ending.DELIVERED)
        return self._retries.refused(
            row,
            str(refusal),
            sure=refusal.sure,
            status=refusal.status,
            retry_after=refusal.retry_after,
            final=refusal.bad,
        )


def _pair(row: Claimed) -> tuple[str, str]:
    return row.user_id, row.payload["bucketId"]


def _event(row: Claimed, *, member: bool) -> Event:
    name = row.payload["property"]
    change: dict[str, Any] = {"$set": {name: True}} if member else {"$unset": [name]}
    return {
        "uuid": str(row.id),
        "event": _SET,
        "distinct_id": row.user_id,
        "timestamp": row.created_at.isoformat(),
        # Without this one PostHog would place the person where our server stands.
        "properties": {**change, "$geoip_disable": True, "$lib": OURS},
    }
