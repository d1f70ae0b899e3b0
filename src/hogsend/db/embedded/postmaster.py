"""One run of the server, from its start to its end."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Final

from hogsend.db.embedded.cluster import SUPERUSER, StartError
from hogsend.db.embedded.launch import clean_environment
from hogsend.db.embedded.log import tail
from hogsend.db.embedded.sockets import accepts_connections, has_socket

_POLLS: Final = (0.01, 0.25)  # seconds, first and longest; each try in vain is a line in the log
_STOPS: Final = (
    (signal.SIGINT, 60.0),  # fast: ends sessions, writes a checkpoint
    (signal.SIGQUIT, 5.0),  # immediate: the next start recovers
    (signal.SIGKILL, 5.0),
)
_KILLED: Final = "was terminated by signal 9"


class Postmaster:
    """A postmaster process.

    Args:
        command: What runs it.
        sockets: The directory of its socket.
        log: Where it writes to.
    """

    def __init__(self, command: list[str], sockets: Path, log: Path) -> None:
        self.sockets = sockets
        self._command = command
        self._log = log
        self._log_size = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._has_listened = False
        self._ended = threading.Event()

    def start(self, lock: int) -> None:
        """Start it; it inherits ``lock`` and passes it on to all of its own."""
        self._log_size = self._log.stat().st_size
        self._process = subprocess.Popen(  # noqa: S603
            self._command,
            stdin=subprocess.DEVNULL,
            cwd="/",
            env=clean_environment(),
            pass_fds=[lock],
        )

    def await_readiness(self) -> int:
        """Its process id, once it lets users in.

        Raises:
            StartError: It ended before.
        """
        process = self._running()
        pause, longest = _POLLS
        while process.poll() is None:
            if accepts_connections(self.sockets, SUPERUSER):
                self._has_listened = True
                return process.pid
            time.sleep(pause)
            pause = min(pause * 1.3, longest)
        said = tail(self._log, self._log_size)
        raise StartError(
            f"PostgreSQL did not start (code {process.returncode}); {self._log} ends with:\n{said}",
            killed=process.returncode < 0 or _KILLED in said,
        )

    def await_end(self) -> int:
        """Its exit code, once it has ended."""
        code = self._running().wait()
        self._ended.set()
        return code

    def stop(self) -> None:
        """Shut it down, the harder the longer it takes; from any thread."""
        for how, patience in _STOPS:
            self._running().send_signal(how)
            if self._ended.wait(patience):
                return

    def kill(self) -> None:
        """Give it no chance to do anything more."""
        self._running().kill()

    def is_deaf(self) -> bool:
        """Whether someone (a cleaner of temporary files) has removed its socket."""
        return self._has_listened and not self._ended.is_set() and not has_socket(self.sockets)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("the postmaster was not started")
        return self._process
