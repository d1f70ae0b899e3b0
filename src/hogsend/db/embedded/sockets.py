"""The server's Unix socket: a directory only its account may enter, under a short path."""

from __future__ import annotations

import os
import re
import socket
import stat
import struct
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

from hogsend.db.embedded.processes import mark_of

PORT: Final = 5432
_NAME: Final = f".s.PGSQL.{PORT}"
_LONGEST: Final = 103  # bytes; what macOS allows, and Linux allows four more
_PLAIN = re.compile(r"[A-Za-z0-9_./ @+=~-]*")  # asyncpg takes a comma for a list of hosts
_PROTOCOL: Final = 196_608
_AUTHENTICATION: Final = b"R"


def socket_directory(place: Path, owner: int) -> Path:
    """``place`` itself if a socket there can be named and made, else one in ``/tmp``.

    The same place gets the same directory each time, so that a connection string outlives
    a restart of the server.

    Args:
        place: The directory that holds the server's data.
        owner: The uid that the directory has to belong to.
    """
    if _can_be_named(place) and _can_be_made(place):
        return place
    for base in (Path("/tmp"), Path(tempfile.gettempdir())):  # noqa: S108 - checked below
        directory = base / mark_of(place)
        if _claim(directory, owner):
            return directory
    return _chown(Path(tempfile.mkdtemp(prefix="hogsend-")), owner)


def has_socket(directory: Path) -> bool:
    """Whether the server's socket is there."""
    return (directory / _NAME).exists()


def remove_sockets(directory: Path) -> None:
    """Remove the socket and its lock file; only for one who knows that no server lives."""
    for name in (_NAME, f"{_NAME}.lock"):
        (directory / name).unlink(missing_ok=True)


def accepts_connections(directory: Path, user: str, timeout: float = 5) -> bool:
    """Whether the server answers a startup message by letting ``user`` in."""
    body = f"user\0{user}\0database\0postgres\0\0".encode()
    with socket.socket(socket.AF_UNIX) as client, suppress(OSError):
        client.settimeout(timeout)
        client.connect(str(directory / _NAME))
        client.sendall(struct.pack("!ii", len(body) + 8, _PROTOCOL) + body)
        accepted = client.recv(1) == _AUTHENTICATION
        client.sendall(b"X" + struct.pack("!i", 4))
        return accepted
    return False


def _can_be_named(place: Path) -> bool:
    path = str(place / _NAME)
    return len(os.fsencode(path)) <= _LONGEST and _PLAIN.fullmatch(path) is not None


def _can_be_made(place: Path) -> bool:
    """Some shared and mounted file systems have no sockets."""
    probe = place / ".s.probe"
    with socket.socket(socket.AF_UNIX) as listener, suppress(OSError):
        probe.unlink(missing_ok=True)
        listener.bind(str(probe))
        probe.unlink()
        return True
    return False


def _claim(directory: Path, owner: int) -> bool:
    """Make ``directory``, or make sure that it is ours and closed to all others."""
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
        _chown(directory, owner)
    found = directory.lstat()
    private = not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    return stat.S_ISDIR(found.st_mode) and found.st_uid == owner and private


def _chown(directory: Path, owner: int) -> Path:
    if owner != os.geteuid():
        os.chown(directory, owner, -1)
    return directory
