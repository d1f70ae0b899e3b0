"""How deliveries are tried again: when, how often, and when a whole destination is left alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from hogsend.integrations.outbox import Claimed, Ending, Settled

BACKOFF: Final = tuple(
    timedelta(seconds=s)
    for s in (1, 5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400)
)
"""How long after each refusal it is tried again; after the last, it is dead. Some two days."""

_JITTER: Final = 0.2
_RESTS_S: Final = (1.0, 2.0, 5.0, 15.0, 30.0, 60.0)
_REFUSALS: Final = 3


class Carrier(Protocol):
    """Brings rows to one kind of destination.

    Attributes:
        users: Queues of users that it takes at a time.
        rows: Of each, at most.
        in_order: A refused row holds up those behind it.
        confirm_after: How long after an attempt whose end is unknown it may still arrive, and
            undo what was delivered since; then that is delivered once more. None: no matter.
    """

    users: int
    rows: int
    in_order: bool
    confirm_after: timedelta | None

    def destinations(self, now: datetime) -> Sequence[str]:
        """Who can be delivered to at present."""
        ...

    async def carry(self, rows: Sequence[Claimed]) -> list[Settled]:
        """Deliver; what became of each row."""
        ...


class Retries:
    """Says what becomes of a row that was refused.

    Args:
        now: Tells the present instant.
        backoff: As ``BACKOFF``.
    """

    def __init__(self, now: Callable[[], datetime], backoff: Sequence[timedelta] = BACKOFF) -> None:
        self._now = now
        self._backoff = backoff

    def refused(
        self,
        row: Claimed,
        error: str,
        *,
        sure: bool = True,
        status: int | None = None,
        retry_after: float | None = None,
        final: bool = False,
    ) -> Settled:
        """To be tried again, or dead.

        Args:
            row: What was refused.
            error: Why, in words.
            status: Of the HTTP answer, if there was one.
            sure: It is known that it did not arrive.
            retry_after: Seconds that the other side asked for.
            final: Another attempt would end the same.
        """
        now = self._now()
        dead = final or row.attempts >= len(self._backoff)
        delay = timedelta(0) if dead else self._delay(row.attempts, retry_after)
        return Settled(
            row=row,
            ending=Ending.DEAD if dead else Ending.AGAIN,
            at=now + delay,
            sure=sure,
            status=status,
            error=storable(error),
        )

    def _delay(self, attempts: int, retry_after: float | None) -> timedelta:
        """With jitter: those who were refused together do not come back together."""
        spread = 1 + _JITTER * (2 * random.random() - 1)  # noqa: S311 - no secret
        return max(self._backoff[attempts] * spread, timedelta(seconds=retry_after or 0))


class Rest:
    """Leaves a destination alone that refuses everything, a little longer each time.

    Meanwhile its rows lose no attempts, and nobody else's deliveries wait for its timeouts.

    Args:
        patience: Refusals in a row that are taken for its rows' fault.
    """

    def __init__(self, patience: int = _REFUSALS) -> None:
        self._patience = patience
        self._refusals = 0
        self._until: datetime | None = None

    def note(self, now: datetime, *, works: bool, retry_after: float | None = None) -> None:
        """Take note of an attempt."""
        if works:
            self._refusals, self._until = 0, None
            return
        self._refusals += 1
        over = self._refusals - self._patience
        if over >= 0:
            rest = _RESTS_S[min(over, len(_RESTS_S) - 1)]
            self._until = now + timedelta(seconds=max(rest, retry_after or 0))

    def over(self, now: datetime) -> bool:
        """Whether it may be tried."""
        return self._until is None or now >= self._until


def storable(text: str, limit: int = 2000) -> str:
    """An error as the database takes it."""
    return text.replace("\0", "\\0").encode(errors="replace").decode()[:limit]
