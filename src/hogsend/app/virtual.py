"""Virtual time: the real engine on a clock that moves when it is told to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hogsend.app.engine import Engine
from hogsend.clock import VirtualClock


class TimeMachine:
    """Moves an engine through time, from one due instant to the next.

    Args:
        engine: An engine whose clock is ``clock``; its pump and executor must not be running.
        clock: The clock to move.
        runs_at_once: Journeys that go on side by side; with one, they do in order.
    """

    def __init__(self, engine: Engine, clock: VirtualClock, *, runs_at_once: int = 500) -> None:
        self._engine = engine
        self._runs_at_once = runs_at_once
        self._clock = clock

    async def advance_to(self, instant: datetime, check: Callable[[], None] = lambda: None) -> None:
        """Let everything that is due until ``instant`` happen, each at its own time.

        Args:
            instant: The end.
            check: Called after each stop; what it raises ends the way there.

        Buckets without fast expiry have theirs when it is time to reconcile.
        """
        while (due_at := await self._next()) is not None and due_at <= instant:
            self._clock.set(max(due_at, self._clock.now()))
            await self._engine.pump.settle_due()
            await self.settle_runs()
            if await self._engine.reconciler.next_drain() == due_at:
                await self._engine.reconciler.reconcile(due_at)
                await self.settle_runs()
            check()
        self._clock.set(instant)

    async def settle_runs(self) -> None:
        """Let the journeys go on that are due now, until they all sleep."""
        while await self._engine.executor.settle_due(self._runs_at_once):
            pass

    async def _next(self) -> datetime | None:
        """The next instant at which anything is to be done."""
        instants = (
            await self._engine.pump.next_due(),
            await self._engine.executor.next_due(),
            await self._engine.reconciler.next_drain(),
        )
        return min((instant for instant in instants if instant is not None), default=None)
