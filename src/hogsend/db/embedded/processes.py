"""Which processes belong to one data directory, told by their command lines.

Only consulted in an emergency (an earlier server that does not end) and about a
``postmaster.pid`` left behind; who may touch the directory is told by locks alone. Command
lines are what every account may read of every other's processes.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PROGRAM = re.compile(r"(^|/)(postgres|initdb)(:| |$)")
_PROC = Path("/proc")


def mark_of(place: Path) -> str:
    """The name that every process of the server in ``place`` shows (``cluster_name``)."""
    return f"hogsend-{hashlib.sha256(str(place).encode()).hexdigest()[:16]}"


def processes_of(place: Path) -> set[int]:
    """The processes of PostgreSQL's programs that work in ``place``."""
    marks = (mark_of(place), str(place / "data"))
    return {pid for pid, command in _commands() if _is_program(command, marks)}


def is_foreign(pid: int, data: Path) -> bool:
    """Whether ``pid`` is certainly not a server on ``data``: dead, or another program.

    When in doubt it may be one: then PostgreSQL's own check decides.
    """
    command = dict(_commands()).get(pid)
    if command is None or not _PROGRAM.search(command):
        return True
    if mark_of(data.parent) in command or str(data) in command:
        return False
    with suppress(OSError):
        return (_PROC / str(pid) / "cwd").readlink() != data
    return False


def _is_program(command: str, marks: tuple[str, ...]) -> bool:
    return bool(_PROGRAM.search(command)) and any(mark in command for mark in marks)


def _commands() -> Iterator[tuple[int, str]]:
    if (_PROC / "self" / "cmdline").exists():
        yield from _commands_in_proc()
    else:
        yield from _commands_by_ps()


def _commands_in_proc() -> Iterator[tuple[int, str]]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                words = (entry / "cmdline").read_bytes().rstrip(b"\0")
                yield int(entry.name), words.replace(b"\0", b" ").decode(errors="replace")


def _commands_by_ps() -> Iterator[tuple[int, str]]:
    listing = ["ps", "-axww", "-o", "pid=,args="]
    said = subprocess.run(listing, capture_output=True, text=True, check=False)  # noqa: S603
    for line in said.stdout.splitlines():
        pid, _, command = line.strip().partition(" ")
        if pid.isdigit():
            yield int(pid), command.strip()
