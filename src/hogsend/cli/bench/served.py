"""The API that is measured over HTTP, in a process of its own.

The module is the app of that process: ``hogsend api --app hogsend.cli.bench.served``.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hogsend.app.client import create_client
from hogsend.cli.bench.scratch import classic_buckets
from hogsend.errors import HogsendError

client = create_client(buckets=classic_buckets())

_START: Final = "from hogsend.cli import main; main()"
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """An API that runs."""

    port: int
    key: str
    pid: int

    def memory_mb(self) -> float:
        """The memory that the process holds."""
        pages = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * _PAGE / 1e6

    def request(self, path: str, body: bytes) -> bytes:
        """A POST request as it goes over the wire."""
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@asynccontextmanager
async def served(dsn: str) -> AsyncIterator[Served]:
    """``hogsend api`` on a database, until the end of the block."""
    key = secrets.token_hex(20)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _START, "api", "--app", __name__, "--port", "0"),
        env=os.environ | {"DATABASE_URL": dsn, "ADMIN_API_KEY": key, "LOG_LEVEL": "info"},
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    heard: asyncio.Task[None] | None = None
    try:
        port = await _port(process)
        heard = asyncio.create_task(_hear_out(process))
        yield Served(port=port, key=key, pid=process.pid)
    finally:
        process.terminate()
        await process.communicate() if heard is None else await heard
        await process.wait()


async def _hear_out(process: asyncio.subprocess.Process) -> None:
    """Read what it says until it ends: with a full pipe it would stand still."""
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    while await process.stderr.read(1 << 16):
        pass


async def _port(process: asyncio.subprocess.Process) -> int:
    """Wait until it is ready."""
    assert process.stderr is not None  # noqa: S101 - it is a pipe
    said = b""
    async for line in process.stderr:
        said += line
        if line.startswith(b"{") and (entry := json.loads(line))["event"] == "api.ready":
            return int(entry["port"])
    raise HogsendError(f"The API that is to be measured does not start: {said.decode()}")
