"""The data directory: made whole or not at all, of one major version, freed of stale files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hogsend.db.embedded.account import Account
from hogsend.db.embedded.launch import clean_environment, launch_command
from hogsend.db.embedded.processes import is_foreign, mark_of
from hogsend.errors import DatabaseError

SUPERUSER: Final = "hogsend"
_SMALL_SHARED_MEMORY: Final = 1 << 29
_DEFAULTS: Final = {
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "wal_level": "minimal",  # nobody replicates from it
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "wal_buffers": "16MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "log_checkpoints": "off",
    "log_timezone": "UTC",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """One data directory, and the programs and account that serve it."""

    place: Path
    binaries: Path
    account: Account

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.place / "data"

    def initialise(self, lock: int) -> None:
        """Make the data directory if there is none: under another name, then renamed.

        Args:
            lock: The descriptor of the server's lock, for initdb's processes to inherit.

        Raises:
            StartError: initdb failed; what it made will not be mistaken for data.
        """
        if (self.data / "PG_VERSION").exists():
            return
        draft = self.place / "data.new"
        if draft.exists():
            shutil.rmtree(draft)
        self._initdb(draft, lock)
        draft.rename(self.data)
        _sync(self.place)

    def _initdb(self, draft: Path, lock: int) -> None:
        options = ["-U", SUPERUSER, "--auth=trust", "--encoding=UTF8", "--no-locale"]
        command = launch_command(self.account, self.binaries / "initdb", "-D", str(draft), *options)
        done = subprocess.run(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd="/",
            env=clean_environment(),
            pass_fds=[lock],
            check=False,
        )
        if done.returncode:
            said = done.stdout.decode(errors="replace").rstrip()
            raise StartError(
                f"The database in {self.data} cannot be made; initdb said:\n{said}",
                killed=done.returncode < 0 or "signal 9" in said,
            )

    def require_major(self, major: int) -> None:
        """Refuse a directory that another major version made.

        Raises:
            DatabaseError: It is one; the message says what to do.
        """
        found = (self.data / "PG_VERSION").read_text(encoding="ascii").strip()
        if found == str(major):
            return
        raise DatabaseError(
            f"The database in {self.data} was made by PostgreSQL {found}, and the programs in "
            f"{self.binaries} are PostgreSQL {major}, which cannot read it. Set HOGSEND_PG_BIN "
            f"to the bin directory of a PostgreSQL {found} (or unset it, if the database was "
            "made without it), and move the contents over with pg_dump if you want to change "
            f"the version; or move {self.place} out of the way to start with an empty database."
        )

    def remove_stale_pid(self) -> None:
        """Remove a ``postmaster.pid`` whose process is not a server on this directory.

        PostgreSQL checks that a process of that number lives, but not what it is, and
        after a crash the number may be anyone's.
        """
        path = self.data / "postmaster.pid"
        try:
            pid = int(path.read_text(encoding="utf-8").split("\n", 1)[0])
        except FileNotFoundError:
            return
        except ValueError:  # killed between making and writing it
            path.unlink()
            return
        if is_foreign(abs(pid), self.data):
            path.unlink()

    def command(self, sockets: Path, settings: dict[str, str]) -> list[str]:
        """The command that runs the server, listening in ``sockets`` alone."""
        fixed = {
            "cluster_name": mark_of(self.place),
            "listen_addresses": "",
            "unix_socket_directories": '"' + str(sockets).replace('"', '""') + '"',
            "unix_socket_permissions": "0700",
            "port": "5432",
            "logging_collector": "off",
            "log_destination": "stderr",
            "dynamic_shared_memory_type": _shared_memory(),
        }
        options = [
            word
            for name, value in {**_DEFAULTS, **settings, **fixed}.items()
            for word in ("-c", f"{name}={value}")
        ]
        program = self.binaries / "postgres"
        return launch_command(self.account, program, "-D", str(self.data), *options)


class StartError(DatabaseError):
    """The server ended before it let anyone in, or its data directory could not be made.

    Attributes:
        killed: Whether it was kill -9, which may go well the next time.
    """

    def __init__(self, message: str, *, killed: bool) -> None:
        self.killed = killed
        super().__init__(message)


def _shared_memory() -> str:
    """Where parallel queries share memory: containers often have next to nothing there."""
    if sys.platform != "linux":
        return "posix"
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108
    except OSError:
        return "mmap"
    return "posix" if room.f_bsize * room.f_blocks >= _SMALL_SHARED_MEMORY else "mmap"


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
