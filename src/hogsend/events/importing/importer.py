"""Imports a file: its lines go through the batcher like everything that clients send."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import asyncpg

from hogsend.clock import Clock
from hogsend.db.pool import UNREACHABLE
from hogsend.errors import DatabaseError, InvalidInputError
from hogsend.events.batcher import Batcher
from hogsend.events.importing.files import EventFile
from hogsend.events.importing.keys import LineKeys
from hogsend.events.importing.lines import Line, LineError, LineIgnoredError
from hogsend.events.importing.rejects import Rejects
from hogsend.events.model import Outcome, Write
from hogsend.events.parse import parse_event

_CHUNK: Final = 1000
_AHEAD: Final = 4
"""Chunks under way at once, so that the next batch waits when a lane is free."""


@dataclass(slots=True, kw_only=True)
class Tally:
    """How far an import is, in lines: all, read, and what became of those that are done."""

    total: int = 0
    stored: int = 0
    known: int = 0
    rejected: int = 0
    ignored: int = 0

    @property
    def done(self) -> int:
        """Lines of which it is known what became of them."""
        return self.stored + self.known + self.rejected + self.ignored


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    line: Line
    write: Write


class Importer:
    """Stores what a file holds; what cannot be stored is refused line by line.

    Events of one user are stored in the order of their lines. An import that was cut short, or
    one of the same file, stores what is missing and nothing twice.

    Args:
        batcher: The door to the log.
        clock: Tells which times are in the future.
        rejects: Where refused lines go.
        on_progress: Called now and then with the tally.
    """

    def __init__(
        self,
        *,
        batcher: Batcher,
        clock: Clock,
        rejects: Rejects,
        on_progress: Callable[[Tally], None] = lambda _: None,
    ) -> None:
        self._batcher = batcher
        self._clock = clock
        self._rejects = rejects
        self._on_progress = on_progress
        self._tally = Tally()

    async def run(self, file: EventFile) -> Tally:
        """Import ``file``.

        Raises:
            DatabaseError: The database went away; importing again goes on where this stopped.
        """
        keys = self._scan(file)
        entries = self._entries(file, keys)
        under_way: deque[tuple[Sequence[_Entry], asyncio.Task[list[Outcome]]]] = deque()
        try:
            while chunk := list(islice(entries, _CHUNK)):
                writes = [entry.write for entry in chunk]
                under_way.append((chunk, asyncio.create_task(self._batcher.submit(writes))))
                if len(under_way) >= _AHEAD:
                    await self._settle(*under_way.popleft())
            while under_way:
                await self._settle(*under_way.popleft())
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            raise DatabaseError(
                f"The import stopped after {self._tally.done:,} of {self._tally.total:,} lines: "
                f"{error}. Run the same command again to go on; nothing will be stored twice."
            ) from error
        finally:
            await asyncio.gather(*(task for _, task in under_way), return_exceptions=True)
        self._on_progress(self._tally)
        return self._tally

    def _scan(self, file: EventFile) -> LineKeys:
        """The first pass: how many lines there are, and which of them may be repeated."""

        def counted() -> Iterator[bytes]:
            for line in file.lines():
                self._tally.total += 1
                yield line.raw

        return LineKeys.scan(file.salt, counted(), file.path.stat().st_size)

    def _entries(self, file: EventFile, keys: LineKeys) -> Iterator[_Entry]:
        """The second pass: the lines that can be stored; the others are refused on the way."""
        for line in file.lines():
            key = keys.key(line.raw)
            try:
                item = file.item(line)
                if item.get("idempotencyKey") is None:
                    item["idempotencyKey"] = key
                write = parse_event(item, self._clock.now())
            except LineIgnoredError:
                self._tally.ignored += 1
            except (InvalidInputError, LineError) as error:
                self._refuse(line, str(error))
            else:
                yield _Entry(line=line, write=write)

    async def _settle(self, chunk: Sequence[_Entry], task: asyncio.Task[list[Outcome]]) -> None:
        try:
            self._count(await task)
        except asyncpg.DataError:
            await self._settle_one_by_one(chunk)
        self._on_progress(self._tally)

    async def _settle_one_by_one(self, chunk: Sequence[_Entry]) -> None:
        """Find the entries whose values the database refuses; their keys allow it."""
        for entry in chunk:
            try:
                self._count(await self._batcher.submit([entry.write]))
            except asyncpg.DataError as error:
                self._refuse(entry.line, f"the database refuses a value: {error}")

    def _count(self, outcomes: Sequence[Outcome]) -> None:
        stored = sum(outcome.stored for outcome in outcomes)
        self._tally.stored += stored
        self._tally.known += len(outcomes) - stored

    def _refuse(self, line: Line, reason: str) -> None:
        self._rejects.add(line, reason)
        self._tally.rejected += 1
