"""A client for HTTP that costs next to nothing: what is measured is the server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length: "


class Wire(asyncio.Protocol):
    """One connection that is kept alive; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[int] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Give the status to who waits, once the body is complete."""
        self._received += data
        head, end, body = self._received.partition(_END)
        if not end or self._answer is None:
            return
        place = head.lower().find(_LENGTH) + len(_LENGTH)
        if len(body) >= int(head[place : place + 9].split(b"\r", 1)[0]):
            self._received = b""
            if not self._answer.done():
                self._answer.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        """Tell who waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionResetError("The server hung up."))

    async def send(self, request: bytes) -> int:
        """Send a request; returns the status of its answer."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError("The connection is closed.")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


@asynccontextmanager
async def wires(port: int, count: int) -> AsyncIterator[list[Wire]]:
    """That many connections."""
    opened = [await connect(port) for _ in range(count)]
    try:
        yield opened
    finally:
        for wire in opened:
            wire.close()


async def connect(port: int) -> Wire:
    """One connection."""
    _, wire = await asyncio.get_running_loop().create_connection(Wire, "127.0.0.1", port)
    return wire
