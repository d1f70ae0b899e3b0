"""Brings rows of the outbox to their endpoints: a user's in order, others' meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct
from uuid_utils import uuid7

from hogsend.clock import Clock
from hogsend.db.pool import Pool
from hogsend.integrations.delivery import Rest, Retries, storable
from hogsend.integrations.outbox import Claimed, Ending, Settled
from hogsend.integrations.webhooks.endpoints import SQL, Directory, Endpoint
from hogsend.integrations.webhooks.sender import Sender, Sent

KEPT: Final = timedelta(days=30)
"""How long attempts are kept on record."""

_GONE: Final = 410
_PATIENCE: Final = 5


class Attempt(Struct, frozen=True, kw_only=True):
    """An attempt to tell an endpoint something of a user."""

    user_id: str
    endpoint_id: str
    message_id: str
    topic: str
    sent: Sent
    at: datetime


async def note_attempts(pool: Pool, attempts: Sequence[Attempt]) -> None:
    """Put attempts on record."""
    await pool.execute(
        SQL.note_attempts,
        [each.user_id for each in attempts],
        [each.endpoint_id for each in attempts],
        [uuid7() for _ in attempts],
        [each.message_id for each in attempts],
        [each.topic for each in attempts],
        [each.sent.status for each in attempts],
        [each.sent.error and storable(each.sent.error) for each in attempts],
        [each.sent.took_ms for each in attempts],
        [each.at for each in attempts],
    )


class WebhookCarrier:
    """Delivers webhooks. What a user's endpoint refuses holds up what comes behind it."""

    users = 40
    rows = 5
    in_order = True
    confirm_after: timedelta | None = None

    def __init__(
        self, directory: Directory, sender: Sender, *, pool: Pool, clock: Clock, retries: Retries
    ) -> None:
        self._directory = directory
        self._sender = sender
        self._pool = pool
        self._clock = clock
        self._retries = retries
        self._rests: dict[str, Rest] = {}
        self._swept_at: datetime | None = None

    def destinations(self, now: datetime) -> Sequence[str]:
        """The endpoints that have not refused everything lately."""
        return [id_ for id_ in self._directory.endpoints if self._rest(id_).over(now)]

    async def carry(self, rows: Sequence[Claimed]) -> list[Settled]:
        """Send each queue in order, and put the attempts on record."""
        queues: dict[tuple[str, str], list[Claimed]] = {}
        for row in rows:
            queues.setdefault((row.destination, row.user_id), []).append(row)
        attempts: list[Attempt] = []
        settled = await asyncio.gather(
            *(self._work_off(queue, attempts) for queue in queues.values())
        )
        if attempts:
            await note_attempts(self._pool, attempts)
        await self._sweep()
        return [each for queue in settled for each in queue]

    async def _work_off(self, queue: Sequence[Claimed], attempts: list[Attempt]) -> list[Settled]:
        endpoint = self._directory.endpoints.get(queue[0].destination)
        settled: list[Settled] = []
        for number, row in enumerate(queue):
            settled.append(await self._deliver(endpoint, row, attempts))
            if settled[-1].ending is Ending.AGAIN:
                behind = queue[number + 1 :]
                settled += [Settled(row=each, ending=Ending.RELEASED) for each in behind]
                break
        return settled

    async def _deliver(
        self, endpoint: Endpoint | None, row: Claimed, attempts: list[Attempt]
    ) -> Settled:
        if endpoint is None or endpoint.deleted_at is not None:
            return Settled(row=row, ending=Ending.DELIVERED)  # nobody is there to be told
        now = self._clock.now()
        sent = await self._sender.send(endpoint, str(row.id), row.payload, now)
        attempts.append(
            Attempt(
                user_id=row.user_id,
                endpoint_id=row.destination,
                message_id=str(row.id),
                topic=row.topic,
                sent=sent,
                at=now,
            )
        )
        rest = self._rest(row.destination)
        rest.note(self._clock.now(), works=sent.arrived, retry_after=sent.retry_after)
        if sent.arrived:
            return Settled(row=row, ending=Ending.DELIVERED)
        return self._retries.refused(
            row,
            sent.error or "",
            sure=sent.status is not None,
            status=sent.status,
            retry_after=sent.retry_after,
            final=sent.status == _GONE,
        )

    def _rest(self, destination: str) -> Rest:
        return self._rests.setdefault(destination, Rest(patience=_PATIENCE))

    async def _sweep(self) -> None:
        """Forget old attempts, now and then."""
        now = self._clock.now()
        if self._swept_at is None or now - self._swept_at > timedelta(minutes=1):
            self._swept_at = now
            await self._pool.execute(SQL.forget_attempts, now - KEPT)
