"""Several processes of one command that share a listening socket.

Each child holds one end of a socket pair, the guard. It writes a byte there once it serves, and
the end of that stream tells it that its parent is gone. A child that dies after it served is
replaced; one that never came so far ends everything, because the next would fail the same way.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, Self

import structlog

from hogsend.cli.signals import stop_signals
from hogsend.telemetry.metrics import SHARED_DIRECTORY

_log = structlog.get_logger(__name__)
_START: Final = ("-c", "from hogsend.cli import main; main()")
_PAUSE_S: Final = 0.5


class Supervisor:
    """Keeps a number of children alive until it is told to stop.

    Args:
        command: The arguments of ``hogsend``; ``--guard-fd`` is added.
        inherit: The file descriptor that all children get.
        count: How many children.
        within: Seconds that they may take to stop.
    """

    def __init__(self, command: Sequence[str], *, inherit: int, count: int, within: float) -> None:
        self._command = command
        self._inherit = inherit
        self._count = count
        self._within = within
        self._children: set[Child] = set()
        self._stopping = False
        self._code = 0
        self._environment: dict[str, str] = {}

    async def run(self) -> int:
        """Run until told to stop, or until the children cannot start; returns the exit code."""
        with (
            tempfile.TemporaryDirectory(prefix="hogsend-metrics-") as shared,
            stop_signals(self._stop, within=self._within),
        ):
            self._environment = os.environ | {SHARED_DIRECTORY: shared}
            await asyncio.gather(*(self._keep_one() for _ in range(self._count)))
        return self._code

    def _stop(self) -> None:
        self._stopping = True
        for child in self._children:
            child.stop()

    async def _keep_one(self) -> None:
        """One child after another, as long as they come to serve."""
        while not self._stopping:
            child = await self._start()
            code = await child.wait()
            self._children.discard(child)
            await self._judge(child.process.pid, code, served=await child.served)

    async def _start(self) -> Child:
        child = await spawn(self._command, inherit=self._inherit, environment=self._environment)
        self._children.add(child)
        if self._stopping:
            child.stop()
        return child

    async def _judge(self, pid: int, code: int, *, served: bool) -> None:
        """What becomes of us when a child has ended."""
        if self._stopping:
            return
        if served:
            _log.warning("child.died", pid=pid, code=code)
            await asyncio.sleep(_PAUSE_S)
        else:
            self._code = code or 1
            self._stop()


class Child:
    """A process that we started.

    Args:
        process: It.
        line: Our end of its guard.
    """

    def __init__(self, process: asyncio.subprocess.Process, line: socket.socket) -> None:
        self.process = process
        self.served = asyncio.create_task(_served(line))
        self._line = line

    def stop(self) -> None:
        """Tell it to finish."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)

    async def wait(self) -> int:
        """Wait for its end, for the exit code."""
        code = await self.process.wait()
        await self.served
        self._line.close()
        return code


async def spawn(
    command: Sequence[str], *, inherit: int, environment: Mapping[str, str] | None = None
) -> Child:
    """Start ``hogsend``, guarded.

    Args:
        command: Its arguments; ``--guard-fd`` is added.
        inherit: A file descriptor that it gets.
        environment: None is ours.
    """
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            *invocation(command),
            "--guard-fd",
            str(theirs.fileno()),
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(inherit, theirs.fileno()),
            start_new_session=True,  # a terminal's Ctrl-C is for us to hand on, once
        )
    return Child(process, ours)


def invocation(command: Sequence[str]) -> list[str]:
    """What runs ``hogsend`` with these arguments."""
    return [sys.executable, *_START, *command]


async def _served(guard: socket.socket) -> bool:
    """Whether a child comes to serve before it ends."""
    guard.setblocking(False)
    return bool(await asyncio.get_running_loop().sock_recv(guard, 1))


class Guard:
    """A child's line to its parent.

    Args:
        number: The file descriptor that the parent passed on.
    """

    def __init__(self, number: int) -> None:
        self._line = socket.socket(fileno=number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def tell_ready(self) -> None:
        """Tell that we serve, and from now on stop when the parent is gone."""
        self._line.setblocking(False)
        self._line.send(b"1")
        asyncio.get_running_loop().add_reader(self._line, self._abandoned)

    def _abandoned(self) -> None:
        asyncio.get_running_loop().remove_reader(self._line)
        os.kill(os.getpid(), signal.SIGTERM)
