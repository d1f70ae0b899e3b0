"""A real pgbouncer in front of a test's database."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import socket
import subprocess
import urllib.parse
from collections.abc import AsyncIterator
from pathlib import Path

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
_PATIENCE_S = 10


@contextlib.asynccontextmanager
async def pgbouncer(dsn: str, home: Path) -> AsyncIterator[str]:
    """The URL of ``dsn``'s database through a pgbouncer that pools by transaction.

    With Debian's settings but for where it listens; two server connections, so that clients
    have to share them.
    """
    listen = _free_port()
    through = _configure(dsn, home, listen)
    process = await asyncio.create_subprocess_exec(
        *_command(),
        str(home / "pgbouncer.ini"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _answering(listen)
        yield through
    finally:
        process.terminate()
        await process.wait()


def missing() -> str | None:
    """Why there can be no pgbouncer here."""
    if PROGRAM is None:
        return "pgbouncer is not installed"
    tried = subprocess.run([*_command(), "--version"], capture_output=True, check=False)
    return None if tried.returncode == 0 else f"pgbouncer does not run: {tried.stderr.decode()}"


def _command() -> list[str]:
    """It refuses to run as root; in a user namespace of its own root is nobody."""
    return [*(["unshare", "--user"] if os.getuid() == 0 else []), PROGRAM]


def _configure(dsn: str, home: Path, listen: int) -> str:
    """Write the files; returns the URL that leads through it."""
    parts = urllib.parse.urlsplit(dsn)
    options = dict(urllib.parse.parse_qsl(parts.query))
    name = parts.path.removeprefix("/")
    host = options.get("host") or parts.hostname
    port = options.get("port") or parts.port or 5432
    user = urllib.parse.unquote(parts.username or options.get("user", ""))
    home.mkdir()
    (home / "users.txt").write_text(f'"{user}" "{parts.password or ""}"\n')
    (home / "pgbouncer.ini").write_text(
        f"[databases]\n{name} = host={host} port={port} dbname={name} user={user}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {listen}\nunix_socket_dir =\n"
        f"auth_type = any\nauth_file = {home}/users.txt\n"
        "pool_mode = transaction\ndefault_pool_size = 2\nmax_client_conn = 100\n"
    )
    return f"postgresql://{user}@127.0.0.1:{listen}/{name}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


async def _answering(port: int) -> None:
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.02)
