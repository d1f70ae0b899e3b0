"""Kernel file locks: the one truth about who is there.

A ``flock`` belongs to an open file description: it is shared with children that inherit
the descriptor, and the kernel drops it when the last holder ends, however it ends. So a
lock that can be taken proves that nobody is left, which no pid file can.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def open_lock(path: Path) -> int:
    """A new descriptor of the lock file ``path``, made if missing, closed in children."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    give_to_owner(descriptor, path)
    return descriptor


def give_to_owner(descriptor: int, path: Path) -> None:
    """If root made a file in another user's directory, that user has to be able to open it."""
    owner = path.parent.stat()
    if os.geteuid() == 0 and os.fstat(descriptor).st_uid != owner.st_uid:
        os.fchown(descriptor, owner.st_uid, owner.st_gid)


def take(descriptor: int, mode: int) -> bool:
    """Lock without waiting (``fcntl.LOCK_SH`` or ``LOCK_EX``); whether it worked."""
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def try_lock(path: Path, mode: int) -> int | None:
    """A descriptor that holds the lock, or None if someone is in the way."""
    descriptor = open_lock(path)
    try:
        if take(descriptor, mode) and is_current(descriptor, path):
            return descriptor
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def is_current(descriptor: int, path: Path) -> bool:
    """Whether ``path`` still names the file that ``descriptor`` has open.

    A lock on a file that was deleted since excludes nobody.
    """
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
