"""Making sure that nothing is left of an earlier server."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from hogsend.db.embedded import locks
from hogsend.db.embedded.processes import processes_of

_POLL: Final = 0.01
_LOOK: Final = 0.1  # seconds between looks at all processes, which cost more than the lock
_FAST: Final = 60.0  # seconds for a shutdown checkpoint before an immediate stop
_IMMEDIATE: Final = 5.0  # seconds for that, before kill -9
_ORPHANS: Final = 3.0  # seconds for backends to notice that their postmaster is gone


def clear(server_lock: Path, place: Path) -> int:
    """The descriptor of the server's lock, once no process of an earlier server holds it.

    A postmaster that outlived its supervisor is told to shut down. Orphans of a postmaster
    are killed if they do not end by themselves; whatever they did is lost with it anyway.

    Args:
        server_lock: The lock file.
        place: The directory that holds the data.
    """
    lock = locks.open_lock(server_lock)
    try:
        _await(lock, place)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _await(lock: int, place: Path) -> None:
    begun = looked = time.monotonic()
    told: set[tuple[signal.Signals, int]] = set()
    while not locks.take(lock, fcntl.LOCK_EX):
        time.sleep(_POLL)
        if time.monotonic() - looked < _LOOK:
            continue
        looked = time.monotonic()
        for how, pid in _measures(place, looked - begun) - told:
            told.add((how, pid))
            with suppress(ProcessLookupError):
                os.kill(pid, how)


def _measures(place: Path, waited: float) -> set[tuple[signal.Signals, int]]:
    """Which signals to send to whom after waiting for ``waited`` seconds."""
    left = processes_of(place)
    postmaster = _postmaster(place)
    if postmaster not in left:
        return {(signal.SIGKILL, pid) for pid in left} if waited >= _ORPHANS else set()
    if waited >= _FAST + _IMMEDIATE:
        return {(signal.SIGKILL, pid) for pid in left}
    return {(signal.SIGQUIT if waited >= _FAST else signal.SIGINT, postmaster)}


def _postmaster(place: Path) -> int:
    """The process id in ``postmaster.pid``, or -1."""
    try:
        return int((place / "data" / "postmaster.pid").read_text().split("\n", 1)[0])
    except (FileNotFoundError, ValueError):
        return -1
