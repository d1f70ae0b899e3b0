"""One pass of a run: its function is called anew, and its journal answers what it answered before.

Each durable call has a name, made of its kind, its label and how often that came before. As long as
the journal has records, a call gets the next one, whose name must be its own; behind them, the call
happens and is recorded.

A record is committed before anything else happens: the next effect, the end of the pass, or an
await of the journey's own, which ``watched`` notices. So a step and the sleep behind it take one
write. It also notices whether time has passed for the journey since its claim was last known to
stand; if so, that is checked before the next effect.

Signals derive from BaseException, so that ``except Exception`` in a journey does not catch them;
one that was raised is raised again by every later call of the pass.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

import asyncpg
import msgspec
from uuid_utils import uuid7

from hogsend.clock import Clock
from hogsend.db.pool import UNREACHABLE
from hogsend.errors import InvalidInputError
from hogsend.events.parse import MAX_PROPERTIES_BYTES, check_json
from hogsend.journeys.errors import DivergenceError, JourneyError, StepError
from hogsend.journeys.model import Entry, Fault, LoggedEvent, Run, Save, Saved, Status, Wait

NO_ID: Final = UUID(int=0)
DONE: Final = "/done"

_encode = msgspec.json.Encoder().encode


class Suspended(BaseException):
    """The run sleeps; its row says until when."""


class Exited(BaseException):
    """The journey called ``ctx.exit``."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Lost(BaseException):
    """The run is not ours any more: it was ended, its lease ran out, or the database is gone."""


class Keeper(Protocol):
    """Where a pass writes; ``Journal`` is one."""

    async def save(self, save: Save) -> Saved:
        """Commit ``save``."""
        ...

    async def check(self, run: Run) -> bool:
        """Whether the claim still stands."""
        ...


class Replay:
    """The durable calls of one pass.

    Args:
        run: As it was claimed.
        keeper: Commits records.
        clock: The present.
    """

    def __init__(self, run: Run, keeper: Keeper, clock: Clock) -> None:
        self.run = run
        self.over: BaseException | None = None
        self.now = run.created_at
        self._keeper = keeper
        self._clock = clock
        self._entries = list(run.journal)
        self._place = 0
        self._unsaved: list[Entry] = []
        self._fault: Entry | None = None
        self._names: Counter[str] = Counter()
        self._under_way: str | None = None
        self._stale = False
        self._unsafe = False
        self._flush: asyncio.Task[Saved] | None = None
        self.progressed = False
        self._seen = self._stored_seen = (run.created_at, run.event.id)
        if run.journal and run.journal[-1].until is not None:
            self._add(_outcome(run.journal[-1].call, run.resumed_at, run.wake_event))

    @property
    def unsaved(self) -> list[Entry]:
        """Records that the next save has to take along."""
        return self._unsaved

    @property
    def seen(self) -> tuple[datetime, UUID]:
        """Up to where this run has seen the log: an instant of arrival, and an id at it."""
        return self._seen

    def watched(self, journey: Coroutine[Any, Any, object]) -> Awaitable[object]:
        """``journey``, to be awaited; the pass gets to know when it awaits things of its own."""
        return _Watched(journey, self._note_await)

    async def settle(self) -> None:
        """Wait for the commit of records that is under way, if one is."""
        if self._flush is not None:
            flush, self._flush = self._flush, None
            await flush

    def check_finished(self) -> None:
        """The function has returned; nothing may be left of the journal.

        Raises:
            DivergenceError: There is.
        """
        if self._fault is not None:
            self._add(self._fault)
        elif self._place < len(self._entries):
            entry = self._entries[self._place]
            raise self._diverged("the function returned", entry.call)

    async def effect(self, base: str, act: Callable[[str], Awaitable[Any]]) -> Any:
        """A call that does something, and whose result is recorded.

        Args:
            base: Its name, but for the count.
            act: Gets the whole name, by which its effect can be recognised.

        Raises:
            StepError: ``act`` raised; also at a replay, where the function went on after it.
        """
        with self._call(base) as name:
            if (entry := self._next(name)) is not None:
                if entry.error is not None:
                    raise StepError(name, entry.error.type, entry.error.message)
                return entry.result
            await self._make_safe()
            # An earlier pass may have come as far as the first effect of this one, and no further.
            seen = (self._clock.now(), _new_id()) if self.progressed else self._stored_seen
            began_at = seen[0]
            try:
                result = _plain(name, await act(name))
            except Exception as error:
                fault = Fault(type=type(error).__name__, message=_text(str(error)))
                now = self._clock.now()
                self._fault = Entry(call=name, at=now, began_at=began_at, error=fault)
                raise StepError(name, fault.type, fault.message) from error
            entry = Entry(call=name, at=self._clock.now(), began_at=began_at, result=result)
            self._record(entry)
            self._unsaved.append(entry)
            self._seen = seen
            self._unsafe = self.progressed = True
            return result

    async def read(
        self,
        base: str,
        look: Callable[[], Awaitable[Any]],
        looked_at: Callable[[], datetime | None] = lambda: None,
    ) -> Any:
        """A call that changes nothing; its result is recorded along with the next thing done.

        Args:
            base: Its name, but for the count.
            look: Finds the result.
            looked_at: Tells afterwards up to when it looked at the log, if it did.
        """
        with self._call(base) as name:
            if (entry := self._next(name)) is None:
                result, seen = _plain(name, await look()), _new_id()
                now = self._clock.now()
                entry = Entry(call=name, at=now, began_at=looked_at(), result=result)
                self._record(entry)
                self._seen = (entry.began_at or now, seen)
                self._unsaved.append(entry)
            return entry.result

    async def wait(
        self,
        base: str,
        until: Callable[[], datetime],
        wait: Callable[[], Wait] | None = None,
    ) -> Entry:
        """A call that takes time: until an instant, or until an event comes.

        Args:
            base: Its name, but for the count.
            until: Tells the instant; asked once.
            wait: Tells the event; asked once.

        Returns:
            The record of its end; the result is the event, None if time is up.
        """
        with self._call(base) as name:
            if self._next(name) is None:
                await self._begin_wait(name, until(), wait and wait())
                self._place += 1
            done = self._next(f"{name}{DONE}")
            if done is None:
                raise self._diverged(f"{name}{DONE}", "nothing")
            return done

    def exit(self, reason: str) -> BaseException:
        """The signal that ends the run."""
        return self._stop(Exited(reason))

    async def _begin_wait(self, name: str, until: datetime, wait: Wait | None) -> None:
        now = self._clock.now()
        opened = Entry(call=name, until=until)
        if wait is None and until <= now:
            self._add(opened, _outcome(name, now, None))
            return
        saved = await self._save([opened], status=Status.WAITING, wake_at=until, wait=wait)
        if saved.found is None:
            raise self._stop(Suspended())
        self._entries += [opened, outcome_of(opened.call, saved.found, now)]

    @contextmanager
    def _call(self, base: str) -> Iterator[str]:
        if self.over is not None:
            raise self.over
        if self._under_way is not None:
            raise JourneyError(
                f"{base} was called while {self._under_way} is under way. Await durable calls one "
                "after the other, and none inside a step."
            )
        if self._fault is not None:
            self._record(self._fault)
            self._unsaved.append(self._fault)
            self._fault = None
        self._names[base] += 1
        count = self._names[base]
        self._under_way = base if count == 1 else f"{base}#{count}"
        try:
            yield self._under_way
        finally:
            self._under_way = None

    def _next(self, name: str) -> Entry | None:
        """The next record, if there is one."""
        if self._place == len(self._entries):
            return None
        entry = self._entries[self._place]
        if entry.call != name:
            raise self._diverged(name, entry.call)
        self._place += 1
        self._follow(entry)
        self._stored_seen = self._seen
        return entry

    def _follow(self, entry: Entry) -> None:
        if entry.at is None:
            return
        self.now = entry.at
        event = entry.result if entry.call.endswith(DONE) else None
        seen_at = entry.began_at or entry.at
        first = self.run.event.id if seen_at == self.run.created_at else NO_ID
        self._seen = (seen_at, UUID(event["id"]) if event else first)

    def _record(self, entry: Entry) -> None:
        self._entries.append(entry)
        self._place += 1
        self._follow(entry)

    def _add(self, *entries: Entry) -> None:
        """Records that are yet to be both read and saved."""
        self._entries += entries
        self._unsaved += entries

    def _note_await(self) -> None:
        """The journey awaits something; if that is its own, time passes for it."""
        if self._under_way is not None or self.over is not None:
            return
        self._stale = True
        if self._unsafe and self._flush is None:
            self._flush = asyncio.create_task(self._write([]))

    async def _make_safe(self) -> None:
        """Before an effect: commit what was done, or look whether the claim still stands."""
        await self.settle()
        if self._unsafe:
            await self._save([])
        elif self._stale:
            await self._check()
        self._stale = False

    async def _check(self) -> None:
        try:
            ours = await self._keeper.check(self.run)
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            raise self._stop(Lost()) from error
        if not ours:
            raise self._stop(Lost())

    async def _save(self, entries: list[Entry], **fields: Any) -> Saved:
        await self.settle()
        saved = await self._write(entries, **fields)
        self._stale = False
        return saved

    async def _write(self, entries: list[Entry], **fields: Any) -> Saved:
        unsaved, self._unsaved, self._unsafe = self._unsaved, [], False
        now = self._clock.now()
        save = Save(run=self.run, entries=[*unsaved, *entries], now=now, **fields)
        try:
            saved = await self._keeper.save(save)
        except (*UNREACHABLE, asyncpg.PostgresError) as error:
            raise self._stop(Lost()) from error
        if not saved.ours:
            raise self._stop(Lost())
        return saved

    def _stop(self, signal: BaseException) -> BaseException:
        self.over = signal
        return signal

    def _diverged(self, code: str, journal: str) -> BaseException:
        return self._stop(
            DivergenceError(
                f"Replay diverged at record {self._place + 1}: the code now calls {code!r}, the "
                f"journal has {journal!r}. Code that runs already must keep its durable calls and "
                "their order; put the change into a new journey, or cancel this run."
            )
        )


def _new_id() -> UUID:
    """Later than the ids of events that there are: of two at one instant, the id tells."""
    return UUID(int=uuid7().int)


class _Watched:
    """Awaits a coroutine, and calls ``on_await`` each time that it has to wait."""

    __slots__ = ("_coroutine", "_on_await")

    def __init__(
        self, coroutine: Coroutine[Any, Any, object], on_await: Callable[[], None]
    ) -> None:
        self._coroutine = coroutine
        self._on_await = on_await

    def __await__(self) -> Generator[Any, Any, object]:
        coroutine = self._coroutine
        try:
            awaited = coroutine.send(None)
            while True:
                self._on_await()
                try:
                    result = yield awaited
                except BaseException as error:  # noqa: BLE001 - handed on
                    awaited = coroutine.throw(error)
                else:
                    awaited = coroutine.send(result)
        except StopIteration as end:
            return end.value
        finally:
            coroutine.close()


def outcome_of(call: str, event: LoggedEvent, now: datetime) -> Entry:
    """The end of a wait whose event had come already."""
    return _outcome(call, now, event)


def _outcome(call: str, at: datetime, event: LoggedEvent | None) -> Entry:
    result = None if event is None else msgspec.to_builtins(event)
    return Entry(call=f"{call}{DONE}", at=at, result=result)


def _plain(name: str, value: object) -> Any:
    """``value`` as it comes back from JSON, so that a replay gets just the same."""
    try:
        encoded = _encode(value)
        plain = msgspec.json.decode(encoded)
        check_json("its result", plain)
    except (TypeError, ValueError, msgspec.MsgspecError, InvalidInputError) as error:
        raise JourneyError(
            f"{name} returned {type(value).__name__}, which cannot be recorded: {error}. Return "
            "what JSON has: texts, numbers, booleans, lists, dicts."
        ) from error
    if len(encoded) > MAX_PROPERTIES_BYTES:
        raise JourneyError(
            f"{name} returned {len(encoded):,} bytes of JSON; at most {MAX_PROPERTIES_BYTES:,} can "
            "be recorded. Return a key to the data instead."
        )
    return plain


def _text(text: str) -> str:
    return text.replace("\0", "\\0").encode(errors="replace").decode()[:2000]
