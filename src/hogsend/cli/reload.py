"""Takes saved code over while ``hogsend dev`` runs: shows its plan, asks, and replaces the process.

One child runs the app. When a file is saved, another process reads the new code and plans, which
changes nothing; so code that cannot be imported is told about, and the app goes on. To apply is to
start a child of the new code beside the old one, on the same socket, and to end the old one once
the new one serves. Should it never come to serve, the old one goes on.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from hogsend.cli.signals import stop_signals
from hogsend.cli.supervisor import Child, invocation, spawn
from hogsend.cli.watch import Watch

_PLANNED: Final = (0, 2)
_WORDS: Final = {
    "new": "is new",
    "changed": "changed",
    "rescheduled": "changed in its limits or dwell schedules",
    "resumed": "goes on after a pause",
    "returned": "is back",
    "paused": "is paused: nobody joins or leaves",
    "removed": "is not in the code any more: its members stay, nobody joins or leaves",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What to do about saved files.

    Attributes:
        command: Arguments of ``hogsend`` that run the app; ``--guard-fd`` is added.
        plan: Arguments that print its plan.
        listener: The file descriptor that its processes share.
        within: Seconds that a process may take to stop.
        apply: Take over without asking.
    """

    command: Sequence[str]
    plan: Sequence[str]
    listener: int
    within: float
    apply: bool


class Reloader:
    """Runs an app, and takes over what is saved.

    Args:
        saved: What to do about it.
        watch: Tells of it.
    """

    def __init__(self, saved: Saved, watch: Watch) -> None:
        self._saved = saved
        self._watch = watch
        self._ended = asyncio.Event()
        self._children: dict[Child, asyncio.Task[None]] = {}
        self._current: Child | None = None
        self._code = 0

    async def run(self) -> int:
        """Run until told to stop, or until the app ends by itself; returns the exit code."""
        with stop_signals(self._ended.set, within=self._saved.within):
            if await self._start():
                following = asyncio.create_task(self._follow())
                await self._ended.wait()
                following.cancel()
            for child in self._children:
                child.stop()
            await asyncio.gather(*self._children.values())
        return self._code

    async def _start(self, *again: str) -> bool:
        """Start a child; tells whether it came to serve, and is the current one now."""
        child = await spawn([*self._saved.command, *again], inherit=self._saved.listener)
        self._children[child] = asyncio.create_task(self._bury(child))
        stopped = asyncio.create_task(self._ended.wait())
        await asyncio.wait({child.served, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not (child.served.done() and child.served.result()):
            await self._give_up(child)
            return False
        previous, self._current = self._current, child
        if previous is not None:
            previous.stop()
        return True

    async def _give_up(self, child: Child) -> None:
        """A child does not serve: it ended, or we are to stop."""
        if not self._ended.is_set():
            await self._children[child]
        if self._current is None and child.process.returncode:
            self._code = child.process.returncode

    async def _bury(self, child: Child) -> None:
        """Wait for the end of a child; if that runs the app, it is the end of us."""
        code = await child.wait()
        if child is self._current:
            self._code = 0 if self._ended.is_set() else code or 1
            self._ended.set()

    async def _follow(self) -> None:
        changed = await self._watch.saved()
        while True:
            changed = await self._consider(changed) or await self._watch.saved()

    async def _consider(self, changed: Sequence[Path]) -> list[Path]:
        """See what was saved, and take it over if that is wanted; returns what is saved next."""
        _say(f"\n{_named(changed)} saved.")
        plan = await self._make_plan()
        if plan is None:
            return []
        for line in describe_changes(plan):
            _say(f"  {line}")
        if plan["changes"] and not self._saved.apply:
            agreed = await self._ask()
            if not isinstance(agreed, bool):
                return agreed
            if not agreed:
                return []
        if await self._start("--again"):
            _say("Applied." if plan["changes"] else "Taken over; no bucket changes.")
        else:
            _say("The new code does not start; the app goes on as it was.")
        return []

    async def _make_plan(self) -> Mapping[str, Any] | None:
        """What the saved code would do; None, and a message, if it cannot be used."""
        planner = await asyncio.create_subprocess_exec(
            *invocation(self._saved.plan),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        out, err = await planner.communicate()
        if planner.returncode in _PLANNED:
            with suppress(json.JSONDecodeError):  # code 2 is also that of a wrong command line
                found: dict[str, Any] = json.loads(out)
                return found
        _say(f"{err.decode().strip()}\nThe app goes on as it was.")
        return None

    async def _ask(self) -> bool | list[Path]:
        """Whether to apply; or, if more is saved meanwhile, that."""
        if not sys.stdin.isatty():
            _say("Not applied: nobody can be asked here. Start again, or with --apply.")
            return False
        typer.echo("Apply? [Y/n] ", nl=False, err=True)
        answered = asyncio.create_task(_read_line())
        saved = asyncio.create_task(self._watch.saved())
        await asyncio.wait({answered, saved}, return_when=asyncio.FIRST_COMPLETED)
        if answered.done():
            saved.cancel()
            return _is_yes(answered.result())
        answered.cancel()
        return saved.result()


def describe_changes(plan: Mapping[str, Any]) -> Iterator[str]:
    """A line for each bucket of a plan that a deploy would change."""
    for bucket in plan["buckets"]:
        if not bucket["changes"]:
            continue
        told = [
            *_counted(bucket["joins"]["count"], "+{:,} silent join{}"),
            *_counted(bucket["leaves"]["count"], "{:,} leave{} would be emitted"),
            *(
                text
                for each in bucket["exits"]
                for text in _counted(each["runs"], f"{{:,}} run{{}} of {each['journeyId']} end")
            ),
        ]
        looked = bucket["change"] not in {"paused", "removed"}
        moves = ", ".join(told) or ("nobody moves" if looked else "")
        what = f"{bucket['id']} {_WORDS[bucket['change']]}"
        yield f"{what}: {moves}" if moves else what


def _counted(count: int, text: str) -> list[str]:
    return [text.format(count, "" if count == 1 else "s")] if count else []


def _named(changed: Sequence[Path]) -> str:
    first = os.path.relpath(changed[0])
    return first if len(changed) == 1 else f"{first} and {len(changed) - 1} more"


def _is_yes(answer: str) -> bool:
    """Whether a line agrees; an empty one does, the end of input does not."""
    agreed = answer.strip().lower() in {"", "y", "yes"} and answer != ""
    if not agreed:
        _say("Not applied; the app goes on as it was. Save again to be asked again.")
    return agreed


async def _read_line() -> str:
    """A line from the terminal, without blocking."""
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()
    loop.add_reader(sys.stdin, lambda: line.set_result(sys.stdin.readline()))
    line.add_done_callback(lambda _: loop.remove_reader(sys.stdin))
    return await line


def _say(text: str) -> None:
    typer.echo(text, err=True)
