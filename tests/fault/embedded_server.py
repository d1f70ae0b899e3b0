"""What the fault tests of the embedded server share: user processes, and a view of the rest."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hogsend.db.embedded import EmbeddedPostgres
from hogsend.db.embedded.layout import Layout, Published
from hogsend.db.embedded.processes import processes_of
from hogsend.db.pool import connect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PROGRAM = Path(__file__).with_name("embedded_user.py")
SOURCE = Path(__file__).parents[2] / "src"
CHOSEN = os.environ.get("HOGSEND_PG_BIN")
_PATIENCE = 30


def embedded(home: Path, **how: Any) -> EmbeddedPostgres:
    """A server with the programs that the run is about."""
    return EmbeddedPostgres(home, binaries=Path(CHOSEN) if CHOSEN else None, **how)


class User:
    """A process that runs ``embedded_user.py`` on a home."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid
        self.dsn = ""

    @classmethod
    async def spawn(
        cls,
        home: Path,
        *,
        python: str = sys.executable,
        wrapper: Iterable[str] = (),
        **how: Any,
    ) -> Self:
        """Start the process; it is not ready yet."""
        environment = {**os.environ, **how.pop("env", {}), "HOGSEND_HOME": str(home)}
        environment.pop("DATABASE_URL", None)
        process = await asyncio.create_subprocess_exec(
            python,
            *wrapper,
            str(PROGRAM),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment,
            **how,
        )
        return cls(process)

    @classmethod
    async def start(cls, home: Path, **how: Any) -> Self:
        """Start the process and wait until it has its database."""
        user = await cls.spawn(home, **how)
        await user.ready()
        return user

    async def ready(self) -> None:
        """Wait until it has its database."""
        said, _, self.dsn = (await self._line()).partition(" ")
        if said != "ready":
            raise AssertionError(await self.complaint())

    async def complaint(self) -> str:
        """What it said on its way out."""
        async with asyncio.timeout(_PATIENCE):
            return (await self._process.stderr.read()).decode()

    async def insert(self, *numbers: int) -> None:
        """Have it commit a row with each number."""
        for number in numbers:
            self._process.stdin.write(f"{number}\n".encode())
            said = await self._line()
            assert said == str(number), said or await self.complaint()

    async def leave(self) -> None:
        """Have it end by itself."""
        self._process.stdin.close()
        await self.ended()
        assert self._process.returncode == 0, await self.complaint()

    async def kill(self) -> None:
        """Kill -9."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self.ended()

    async def ended(self) -> None:
        """Wait until the process is gone."""
        async with asyncio.timeout(_PATIENCE):
            await self._process.wait()

    async def _line(self) -> str:
        async with asyncio.timeout(_PATIENCE):
            return (await self._process.stdout.readline()).decode().strip()


class Sight:
    """What an onlooker sees of the server under ``home``."""

    def __init__(self, home: Path) -> None:
        self.layout = Layout.of_home(home)
        self._home = home

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.layout.place() / "data"

    @property
    def postmaster(self) -> int:
        """Its process id."""
        return self._published.postmaster

    @property
    def sockets(self) -> Path:
        """Where its socket is."""
        return Path(self._published.socket_directory)

    @property
    def uid(self) -> int:
        """As whom the server runs, as the rest of the system sees it."""
        return Path(f"/proc/{self.postmaster}").stat().st_uid

    @property
    def _published(self) -> Published:
        published = Published.read(self.layout.published)
        assert published is not None
        return published

    @property
    def supervisor(self) -> int:
        """Its process id."""
        (pid,) = self._supervisors()
        return pid

    def processes(self) -> set[int]:
        """Of the server and of initdb."""
        return processes_of(self.layout.place())

    def everything(self) -> set[int]:
        """Supervisor and server, not the users."""
        return self.processes() | self._supervisors()

    def _supervisors(self) -> set[int]:
        mark = str(self.layout.root)
        return {pid for pid, words in _commands() if "supervisor" in words and mark in words[-1]}

    async def all_gone(self) -> bool:
        """Wait for the locks to say that all has stopped, then look for remains."""
        await embedded(self._home).wait_stopped(_PATIENCE)
        await until(lambda: not self.everything())
        return not (self.data / "postmaster.pid").exists()


def _commands() -> Iterable[tuple[int, list[str]]]:
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            yield int(entry.name), [word.decode(errors="replace") for word in words if word]


def kill(pids: Iterable[int]) -> None:
    """Kill -9 them all."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that other processes do and that sends us no signal."""
    async with asyncio.timeout(_PATIENCE):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def rows(home: Path) -> set[int]:
    """The numbers committed, read by a fresh user of the server."""
    async with embedded(home) as server:
        connection = await connect(server.dsn)
        numbers = {row["number"] for row in await connection.fetch("SELECT number FROM kept")}
        await connection.close()
    return numbers
