"""Gathers concurrent writes into micro-batches, a transaction each.

A write goes to the lane of its user, so writes of one user keep their order and two lanes never
wait for each other's locks. A lane takes all that is waiting (up to ``max_batch``) as soon as it
is free: alone, a write waits for nobody; under load, batches grow by themselves.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol, Self
from zlib import crc32

import asyncpg
import structlog

from hogsend.errors import OverloadedError
from hogsend.events.model import Outcome, Write

LANES = 4
"""Transactions at once: while some wait for the database, Python prepares another. On 2 cores four
did 1.2 to 1.4 times as many events a second as two, at any batch size."""

_RETRY_AFTER_S = 1.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """The writes of one call that share a lane, and where their outcomes are awaited."""

    writes: list[Write]
    answer: asyncio.Future[list[Outcome]]


class Writer(Protocol):
    """Commits writes in one transaction; ``Ingest`` does."""

    async def write(self, writes: Sequence[Write]) -> list[Outcome]:
        """One outcome per write, in order."""
        ...


class Batcher:
    """The door to ``Ingest`` for everybody who writes.

    Args:
        ingest: Runs the transactions.
        lanes: Transactions at once.
        max_batch: Writes in one transaction, at most.
        max_waiting: Writes waiting, at most; beyond it ``submit`` refuses.
    """

    def __init__(
        self, ingest: Writer, *, lanes: int = LANES, max_batch: int = 500, max_waiting: int = 20_000
    ) -> None:
        self._lanes = [_Lane(ingest, max_batch) for _ in range(lanes)]
        self._max_batch = max_batch
        self._max_waiting = max_waiting

    async def __aenter__(self) -> Self:
        for lane in self._lanes:
            lane.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Finish what is waiting, then stop."""
        await asyncio.gather(*(lane.stop() for lane in self._lanes))

    @property
    def running(self) -> bool:
        """Whether it takes writes."""
        return all(lane.running for lane in self._lanes)

    @property
    def waiting(self) -> int:
        """Writes that are in no transaction yet."""
        return sum(lane.waiting for lane in self._lanes)

    @property
    def is_full(self) -> bool:
        """Whether no more writes are taken."""
        return self.waiting >= self._max_waiting

    async def submit(self, writes: Sequence[Write]) -> list[Outcome]:
        """Commit ``writes`` and return their outcomes, in order.

        Writes of one user are applied in order. Those of different users may commit in
        different transactions.

        Raises:
            OverloadedError: Too many writes are waiting; none of these was taken.
        """
        if self.waiting + len(writes) > self._max_waiting:
            raise OverloadedError(_RETRY_AFTER_S)
        places: dict[int, list[int]] = {}
        for place, write in enumerate(writes):
            places.setdefault(self._lane_of(write), []).append(place)
        groups = [
            (taken, self._lanes[lane].add([writes[place] for place in taken]))
            for lane, shared in places.items()
            for taken in _chunks(shared, self._max_batch)
        ]
        outcomes: dict[int, Outcome] = {}
        failure: Exception | None = None
        for taken, answer in groups:
            try:
                outcomes.update(zip(taken, await answer, strict=True))
            except Exception as error:  # noqa: BLE001 - raised below, once all have ended
                failure = failure or error
        if failure is not None:
            raise failure
        _tell(outcomes.values())
        return [outcomes[place] for place in range(len(writes))]

    def _lane_of(self, write: Write) -> int:
        key = write.user_id or (write.email or "").lower()
        return crc32(key.encode()) % len(self._lanes)


def _tell(outcomes: Iterable[Outcome]) -> None:
    """Log the ids, with whatever is known of the request here: a transaction has many requests."""
    if _log.is_enabled_for(logging.DEBUG):
        ids = [str(outcome.event.id) for outcome in outcomes if outcome.event is not None]
        emitted = [str(event.id) for outcome in outcomes for event in outcome.emitted]
        _log.debug("events.stored", events=ids, emitted=emitted)


def _chunks(places: list[int], size: int) -> list[list[int]]:
    return [places[start : start + size] for start in range(0, len(places), size)]


class _Lane:
    """One transaction at a time, over whatever has gathered meanwhile."""

    def __init__(self, ingest: Writer, max_batch: int) -> None:
        self.waiting = 0
        self._ingest = ingest
        self._max_batch = max_batch
        self._groups: deque[_Group] = deque()
        self._arrived = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    @property
    def running(self) -> bool:
        return self._task is not None and not self._stopping

    async def stop(self) -> None:
        self._stopping = True
        self._arrived.set()
        if self._task is not None:
            await self._task

    def add(self, writes: list[Write]) -> asyncio.Future[list[Outcome]]:
        if not self.running:
            raise OverloadedError(_RETRY_AFTER_S)
        group = _Group(writes=writes, answer=asyncio.get_running_loop().create_future())
        self._groups.append(group)
        self.waiting += len(writes)
        self._arrived.set()
        return group.answer

    async def _run(self) -> None:
        while self._groups or not self._stopping:
            await self._arrived.wait()
            self._arrived.clear()
            while self._groups:
                await self._flush(self._take())

    def _take(self) -> list[_Group]:
        taken = [self._groups.popleft()]
        size = len(taken[0].writes)
        while self._groups and size + len(self._groups[0].writes) <= self._max_batch:
            taken.append(self._groups.popleft())
            size += len(taken[-1].writes)
        self.waiting -= size
        return taken

    async def _flush(self, groups: list[_Group]) -> None:
        try:
            outcomes = iter(
                await self._ingest.write([write for group in groups for write in group.writes])
            )
        except asyncpg.DataError as error:
            await self._separate(groups, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the callers are to know it
            _fail(groups, error)
        else:
            for group in groups:
                _answer(group, [next(outcomes) for _ in group.writes])

    async def _separate(self, groups: list[_Group], error: asyncpg.DataError) -> None:
        """A value that the database refuses must fail its own caller only."""
        if len(groups) == 1:
            _fail(groups, error)
            return
        for group in groups:
            await self._flush([group])


def _answer(group: _Group, outcomes: list[Outcome]) -> None:
    if not group.answer.done():
        group.answer.set_result(outcomes)


def _fail(groups: list[_Group], error: Exception) -> None:
    for group in groups:
        if not group.answer.done():
            group.answer.set_exception(error)
