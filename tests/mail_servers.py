"""What mail providers look like from here: an SMTP server, and Resend's API, on the loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from email import message_from_bytes, policy


class Server:
    """Serves connections until it is closed."""

    async def serve(self, reader, writer):
        raise NotImplementedError

    async def _served(self, reader, writer):
        try:
            await self.serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """The port that it listens on."""
        server = await asyncio.start_server(self._served, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


class SmtpServer(Server):
    """Takes mail; ``answers`` are given instead of a command's usual one, once each."""

    def __init__(self):
        self.answers = {}
        self.mails = []
        self.commands = []
        self.drop_after_data = 0

    async def serve(self, reader, writer):
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            command = line.decode().strip()
            self.commands.append(command)
            verb = command.split()[0].upper()
            answer = self.answers.pop(verb, None)
            if answer is None and verb == "DATA":
                writer.write(b"354 go on\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                answer = self.answers.pop("BODY", None)
                if answer is None:
                    written = body[:-3].replace(b"\r\n..", b"\r\n.")
                    self.mails.append(message_from_bytes(written, policy=policy.default))
                if self.drop_after_data:
                    self.drop_after_data -= 1
                    return
            writer.write(f"{answer or self.usual(verb)}\r\n".encode())
            await writer.drain()
            if verb == "QUIT":
                return

    @staticmethod
    def usual(verb):
        return {"EHLO": "250-here\r\n250 8BITMIME", "QUIT": "221 bye"}.get(verb, "250 ok")


class ResendServer(Server):
    """Speaks ``POST /emails``: keys are kept, a known one delivers nothing more.

    ``faults`` are worked off first: ``(status, name, headers)``; ``drop``: the mail is taken, the
    answer gets lost; ``hang``: there is no answer, ``hang-after``: not even for a mail that is taken.
    """

    def __init__(self):
        self.faults = []
        self.requests = []
        self.delivered = {}
        self.on_request = lambda: None

    async def serve(self, reader, writer):
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await reader.readexactly(int(headers["content-length"]))
            self.requests.append((head[0], headers, json.loads(body)))
            fault = self.faults.pop(0) if self.faults else None
            if fault == "hang":
                self.on_request()
                await reader.read()
                return
            if isinstance(fault, tuple):
                await self.answer(writer, fault[0], {"name": fault[1], "message": "No."}, fault[2])
                continue
            answer = self.take(headers["idempotency-key"], body)
            self.on_request()
            if fault == "drop":
                return
            if fault == "hang-after":
                await reader.read()
                return
            await self.answer(writer, *answer)

    def take(self, key, body):
        known = self.delivered.setdefault(key, body)
        if known != body:
            return 409, {"name": "invalid_idempotent_request", "message": "Another payload."}
        return 200, {"id": f"re_{list(self.delivered).index(key)}"}

    @staticmethod
    async def answer(writer, status, body, headers=()):
        text = json.dumps(body)
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(text)}", *headers, "", text]
        writer.write("\r\n".join(lines).encode())
        await writer.drain()
