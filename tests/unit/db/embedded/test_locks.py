"""Locks tell who is there, whatever happened to those who were."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from hogsend.db.embedded import locks

if TYPE_CHECKING:
    from pathlib import Path

_WAIT = [sys.executable, "-c", "print(flush=True); input()"]
_PIPES = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}


def test_shares_keep_the_exclusive_out(tmp_path: Path) -> None:
    """Users share; who wants the lock alone waits for the last of them."""
    path = tmp_path / "lock"
    users = [locks.try_lock(path, fcntl.LOCK_SH) for _ in range(2)]
    assert None not in users
    assert locks.try_lock(path, fcntl.LOCK_EX) is None
    for user in users:
        os.close(user)
    alone = locks.try_lock(path, fcntl.LOCK_EX)
    assert alone is not None
    assert locks.try_lock(path, fcntl.LOCK_SH) is None
    os.close(alone)


def test_a_lock_lives_in_the_children_that_inherit_it(tmp_path: Path) -> None:
    """The server's own processes keep its lock when whoever started them has died."""
    path = tmp_path / "lock"
    lock = locks.try_lock(path, fcntl.LOCK_EX)
    with subprocess.Popen(_WAIT, **_PIPES, pass_fds=[lock]) as heir:
        heir.stdout.readline()
        os.close(lock)
        assert locks.try_lock(path, fcntl.LOCK_EX) is None
        heir.kill()
    freed = locks.try_lock(path, fcntl.LOCK_EX)
    assert freed is not None
    os.close(freed)


def test_other_children_do_not_keep_it(tmp_path: Path) -> None:
    """A program that a user process happens to run is not a user."""
    path = tmp_path / "lock"
    lock = locks.try_lock(path, fcntl.LOCK_SH)
    with subprocess.Popen(_WAIT, **_PIPES, close_fds=False) as other:
        other.stdout.readline()  # between fork and exec it does keep it
        os.close(lock)
        alone = locks.try_lock(path, fcntl.LOCK_EX)
        assert alone is not None
        os.close(alone)
        other.kill()


def test_a_deleted_lock_file_excludes_nobody(tmp_path: Path) -> None:
    """Who holds the lock of a file that is gone does not hold the new file's."""
    path = tmp_path / "lock"
    old = locks.try_lock(path, fcntl.LOCK_EX)
    path.unlink()
    assert not locks.is_current(old, path)
    new = locks.try_lock(path, fcntl.LOCK_EX)
    assert new is not None
    assert locks.is_current(new, path)
    assert not locks.is_current(old, path)
    os.close(old)
    os.close(new)
