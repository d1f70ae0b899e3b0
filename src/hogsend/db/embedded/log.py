"""The log of server and supervisor: one file, bounded."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

_LIMIT: Final = 8 << 20  # bytes, of the file and again of its predecessor
_TAIL: Final = 16_384


def note(message: str) -> None:
    """Write a line of the supervisor's own, in the server's manner."""
    now = datetime.now(UTC).isoformat(sep=" ", timespec="milliseconds")[:-6]
    sys.stderr.write(f"{now} UTC [{os.getpid()}] SUPERVISOR:  {message}\n")
    sys.stderr.flush()


def trim(log: Path) -> None:
    """Start again from an empty file when it has grown, keeping its predecessor.

    It is open for appending in every process of the server, hence emptied, not renamed.
    """
    if log.exists() and log.stat().st_size > _LIMIT:
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        os.truncate(log, 0)


def tail(log: Path, offset: int = 0, lines: int = 15) -> str:
    """The last lines of ``log`` after ``offset`` bytes, indented."""
    try:
        with log.open("rb") as stream:
            end = stream.seek(0, os.SEEK_END)
            stream.seek(max(end - _TAIL, offset if offset <= end else 0))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return "  (no log)"
    return "\n".join(f"  {line}" for line in text.splitlines()[-lines:])
