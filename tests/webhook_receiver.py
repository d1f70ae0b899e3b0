"""A receiver of webhooks on the loopback, which checks them with the scheme's own library.

That library's ``verify`` also compares with the machine's clock, which is not that of the tests.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook
from tests.mail_servers import Server


class Receiver(Server):
    """Keeps what it takes; ``answers`` are given first, once each: a status, or ``hang``, ``drop``."""

    def __init__(self):
        self.secret = None
        self.taken = []
        self.ids = []
        self.answers = []
        self.head = {}
        self.on_request = lambda: None

    async def serve(self, reader, writer):
        request = (await reader.readline()).decode().split()
        head = {}
        while line := (await reader.readline()).decode().strip():
            name, _, value = line.partition(":")
            head[name.lower()] = value.strip()
        body = await reader.readexactly(int(head["content-length"]))
        self.head = {**head, "path": request[1]}
        answer = self.answers.pop(0) if self.answers else 204
        self.ids.append(head["webhook-id"])
        if answer == "drop":
            return
        if answer == "hang":
            await reader.read()
            return
        if 200 <= answer < 300:
            when = datetime.fromtimestamp(int(head["webhook-timestamp"]), UTC)
            signed = Webhook(self.secret).sign(head["webhook-id"], when, body.decode())
            assert head["webhook-signature"] == signed
            self.taken.append(json.loads(body))
        extra = "Location: http://127.0.0.1:1/\r\n" if answer == 302 else ""
        self.on_request()
        writer.write(f"HTTP/1.1 {answer} X\r\n{extra}Content-Length: 2\r\n\r\nno".encode())
        await writer.drain()
