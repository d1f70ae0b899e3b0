"""PostHog as it looks from here: its batch endpoint, on the loopback, as faulty as may be.

Events are worked on in the order in which they come in: ``$set`` adds to the person's properties,
``$unset`` takes away. Timestamps do not matter for that, and a known ``uuid`` does not either.
https://posthog.com/docs/api/capture, https://posthog.com/docs/product-analytics/person-properties
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import random
from collections import Counter
from uuid import UUID

from tests.mail_servers import Server

KEY = "phc_test"

FAULTS = ("drop", "drop-after", "500", "500-after", "503", "late", "twice", "slow")


class PostHogServer(Server):
    """Takes batches for one project.

    ``faults`` are worked off first, one a request; with ``chance`` (a ``Random``) others come by
    themselves in ``trouble`` of all requests.

    ``late``: there is no answer, and the batch is worked on some requests later, or by ``settle``.
    ``slow``: it is worked on, and the answer takes too long.
    """

    def __init__(self, seed=None, trouble=0.3):
        self.faults = []
        self.persons: dict[str, dict] = {}
        self.batches: list[list[dict]] = []
        self.seen = Counter()
        self.met = Counter()
        self.on_request = lambda: None
        self._chance = None if seed is None else random.Random(seed)
        self._trouble = trouble
        self._late = []
        self._silent = False
        self._open = set()
        self._closed = asyncio.Event()
        self._closed.set()

    @property
    def events(self):
        return [event for batch in self.batches for event in batch]

    def members(self, name):
        return {user for user, properties in self.persons.items() if properties.get(name) is True}

    def settle(self):
        """Work on what is late."""
        late, self._late = self._late, []
        for _, batch in late:
            self._work_on(batch)

    @contextlib.asynccontextmanager
    async def running(self):
        """As another server; at the end, clients that keep connections open are sent away."""
        async with super().running() as port:
            yield port
            for writer in self._open:
                writer.transport.abort()
            await self._closed.wait()

    async def serve(self, reader, writer):
        self._open.add(writer)
        self._closed.clear()
        try:
            await self._serve(reader, writer)
        finally:
            self._open.discard(writer)
            if not self._open:
                self._closed.set()

    async def _serve(self, reader, writer):
        while head := await self._head(reader):
            length = int(head["content-length"])
            body = await reader.readexactly(length)
            self.on_request()
            if head.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if not await self._answer(writer, json.loads(body)):
                return
            if self._silent:
                self._silent = False
                await reader.read()  # until the client has had enough
                return

    @staticmethod
    async def _head(reader):
        head = {}
        if not await reader.readline():
            return head
        while (line := (await reader.readline()).decode().strip()) != "":
            name, _, value = line.partition(":")
            head[name.lower()] = value.strip()
        return head

    def _fault(self):
        if self.faults:
            return self.faults.pop(0)
        if self._chance is not None and self._chance.random() < self._trouble:
            return self._chance.choice(FAULTS)
        return None

    async def _answer(self, writer, body):
        """Whether the connection goes on."""
        if body["api_key"] != KEY:
            return await self._reply(writer, 401)
        fault, batch = self._fault(), body["batch"]
        self.met[fault] += 1
        self._come_late()
        before = {"500": 500, "503": 503}.get(fault, fault)
        if isinstance(before, int):
            return await self._reply(writer, before)
        if fault == "late":
            self._late.append((3, batch))
        elif fault != "drop":
            self._work_on(batch)
        if fault == "twice":
            self._work_on(batch)
        self._silent = fault in {"late", "slow"}
        if fault in {None, "twice", "500-after"}:
            return await self._reply(writer, 500 if fault == "500-after" else 200)
        return self._silent

    def _come_late(self):
        waiting, self._late = self._late, []
        for left, batch in waiting:
            if left == 0:
                self._work_on(batch)
            else:
                self._late.append((left - 1, batch))

    @staticmethod
    async def _reply(writer, status):
        text = json.dumps({"status": "Ok"} if status == 200 else {"detail": "no"}).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(text)}\r\n\r\n".encode()
        )
        writer.write(text)
        await writer.drain()
        return True

    def _work_on(self, batch):
        self.batches.append(batch)
        for event in batch:
            assert event["event"] == "$set"
            assert UUID(event["uuid"])
            assert event["properties"]["$geoip_disable"] is True
            self.seen[event["uuid"]] += 1
            person = self.persons.setdefault(event["distinct_id"], {})
            person.update(event["properties"].get("$set", {}))
            for name in event["properties"].get("$unset", []):
                person.pop(name, None)
