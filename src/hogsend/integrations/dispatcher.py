"""The dispatcher: claims what is due in the outbox and has it delivered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import structlog

from hogsend.clock import Clock
from hogsend.db.pool import Pool
from hogsend.integrations.delivery import Carrier
from hogsend.integrations.outbox import Claimed, Ending, Settled, claim, settle

POLL_S: Final = 0.25
"""The longest sleep: a row is delivered at most this much after it is due."""

LEASE: Final = timedelta(seconds=60)
"""How long a claim lasts; a worker that dies leaves its rows to others after so long."""

_log = structlog.get_logger(__name__)


class Dispatcher:
    """Delivers by one carrier, one batch at each pass. Any number of them may run side by side.

    Args:
        carrier: Delivers.
        lease: How long a claim lasts; longer than the carrier takes for a batch.
        count: Told how many deliveries ended how, by destination.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        carrier: Carrier,
        lease: timedelta = LEASE,
        count: Callable[[str, Ending, int], None] = lambda _destination, _ending, _number: None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._carrier = carrier
        self._lease = lease
        self._count = count

    async def run_once(self) -> float:
        """Deliver a batch; returns the seconds until the next look."""
        return 0.0 if await self.deliver_due() else POLL_S

    async def deliver_due(self) -> int:
        """Claim what is due, at most a batch, and deliver it; returns how many rows that were."""
        carrier, now = self._carrier, self._clock.now()
        destinations = carrier.destinations(now)
        if not destinations:
            return 0
        rows = await claim(
            self._pool,
            destinations,
            now=now,
            until=now + self._lease,
            users=carrier.users,
            rows=carrier.rows,
            in_order=carrier.in_order,
        )
        if rows:
            await self._settle(await self._carry(rows))
        return len(rows)

    async def _carry(self, rows: Sequence[Claimed]) -> list[Settled]:
        try:
            return await self._carrier.carry(rows)
        except BaseException:
            # Whether they arrived nobody knows; the claims run out by themselves.
            _log.warning("outbox.abandoned", rows=len(rows))
            raise

    async def _settle(self, settled: Sequence[Settled]) -> None:
        after = self._carrier.confirm_after
        confirm_at = None if after is None else self._clock.now() + after
        ours = await settle(self._pool, settled, confirm_at=confirm_at)
        if ours < len(settled):
            _log.warning("outbox.lost", rows=len(settled) - ours)
        for (destination, ending), number in Counter(
            (each.row.destination, each.ending) for each in settled
        ).items():
            self._count(destination, ending, number)
        for each in settled:
            if each.ending is Ending.DEAD:
                _log.error(
                    "outbox.dead",
                    destination=each.row.destination,
                    id=str(each.row.id),
                    topic=each.row.topic,
                    error=each.error,
                )
