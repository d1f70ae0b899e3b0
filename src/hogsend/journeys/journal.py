"""Group commit: what runs of the same moment want written goes into one statement."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar

import asyncpg
from msgspec.structs import replace

from hogsend.contacts.store import lock_existing, save_awaits
from hogsend.db.pool import Connection, Pool
from hogsend.journeys.model import LoggedEvent, Run, Save, Saved, Status
from hogsend.journeys.replay import outcome_of
from hogsend.journeys.store import OVER, check_runs, find_arrived, save_runs

_ATTEMPTS = 5
_GROUP = 500

Q = TypeVar("Q")
A = TypeVar("A")


class Gatherer(Generic[Q, A]):
    """Answers questions in groups: all that gathered while the last group was answered."""

    def __init__(self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, question: Q) -> A:
        """The answer to ``question``, once its group has one."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
                await self._settle(group)
        finally:
            self._task = None

    async def _settle(self, group: list[tuple[Q, asyncio.Future[A]]]) -> None:
        try:
            answers: Sequence[Any] = await self._answer([question for question, _ in group])
        except asyncpg.DataError as error:
            if len(group) > 1:  # a value that the database refuses must fail its own run only
                for each in group:
                    await self._settle([each])
                return
            answers = [error]
        except Exception as error:  # noqa: BLE001 - whatever it is, those who asked are to know it
            answers = [error] * len(group)
        for (_, future), answer in zip(group, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)


class Ends(Protocol):
    """Who is to know of runs that come to their end, in the transaction in which they do."""

    @property
    def wanted(self) -> bool:
        """Whether anybody wants to know at present."""
        ...

    async def note(self, connection: Connection, saves: Sequence[Save]) -> None:
        """Take note of runs that are over."""
        ...


class Journal:
    """Commits the records of runs, each under the epoch of its claim."""

    def __init__(self, pool: Pool, ends: Ends | None = None) -> None:
        self._pool = pool
        self._ends = ends
        self._saves = Gatherer(self._save)
        self._checks = Gatherer(self._check)

    async def save(self, save: Save) -> Saved:
        """Commit a save; returns once it is."""
        return await self._saves.ask(save)

    async def check(self, run: Run) -> bool:
        """Whether the claim still stands."""
        return await self._checks.ask(run)

    async def _check(self, runs: Sequence[Run]) -> list[bool]:
        standing = await check_runs(self._pool, runs)
        return [run.id in standing for run in runs]

    async def _save(self, saves: Sequence[Save]) -> list[Saved]:
        for _ in range(_ATTEMPTS - 1):
            try:
                return await self._commit(saves)
            except asyncpg.DeadlockDetectedError:
                continue
        return await self._commit(saves)

    async def _commit(self, saves: Sequence[Save]) -> list[Saved]:
        ends = self._ends if self._ends and self._ends.wanted else None
        if not any(save.wait or (ends and save.status in OVER) for save in saves):
            ours = await save_runs(self._pool, saves)
            return [Saved(ours=save.run.id in ours) for save in saves]
        async with self._pool.acquire() as connection, connection.transaction():
            found: list[LoggedEvent | None] = [None] * len(saves)
            if any(save.wait for save in saves):
                found = await _meet(connection, saves)
            met = [
                save if event is None else _met(save, event)
                for save, event in zip(saves, found, strict=True)
            ]
            ours = await save_runs(connection, met)
            if ends is not None:
                over = [save for save in met if save.status in OVER and save.run.id in ours]
                await ends.note(connection, over)
        return [
            Saved(ours=save.run.id in ours, found=event)
            for save, event in zip(saves, found, strict=True)
        ]


async def _meet(connection: Connection, saves: Sequence[Save]) -> list[LoggedEvent | None]:
    """For each save, the event that it is about to wait for, where that has come already.

    The contacts are locked, as ingest does, so an event is either here in the log, or its
    transaction will find the run waiting. Lock order: contacts, then runs.
    """
    waiting = [(place, save) for place, save in enumerate(saves) if save.wait is not None]
    contacts = await lock_existing(connection, {save.run.user_id for _, save in waiting})
    asked = [(save.run.user_id, save.wait) for _, save in waiting if save.wait is not None]
    events = await find_arrived(connection, asked)
    found: list[LoggedEvent | None] = [None] * len(saves)
    awaits: dict[str, set[str]] = {}
    for (place, save), event in zip(waiting, events, strict=True):
        found[place] = event
        contact = contacts.get(save.run.user_id)
        if event is None and contact is not None and save.wait is not None:
            names = awaits.setdefault(contact.user_id, set(contact.awaits))
            names.add(save.wait.event)
    if awaits:
        await save_awaits(connection, awaits)
    return found


def _met(save: Save, event: LoggedEvent) -> Save:
    """A save whose run need not wait, because its event is there."""
    outcome = outcome_of(save.entries[-1].call, event, save.now)
    return replace(
        save, status=Status.ACTIVE, wake_at=None, wait=None, entries=[*save.entries, outcome]
    )
