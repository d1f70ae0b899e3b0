"""Databases, APIs and workers restarted at random under load: nothing is lost, doubled or stuck."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import random
import signal
from pathlib import Path

import pytest
from tests.fault.embedded_server import Sight, embedded, kill
from tests.fault.ingest_victim import CLOCKED, STEADY, item
from tests.integration.engine.test_racing import check_alternation
from tests.warm import Running, Warm

from hogsend.app.engine import Engine
from hogsend.buckets.registry import Registry
from hogsend.cli.bench.served import Served
from hogsend.cli.bench.wire import Wire, connect
from hogsend.clock import SystemClock
from hogsend.db.pool import create_pool

KEY = "k" * 40
PATIENCE_S = 90
SENDERS = 8
APP = """
from tests.fault.ingest_victim import CLOCKED, STEADY
from hogsend import create_client

client = create_client(buckets=[*STEADY, CLOCKED])
"""


class Member:
    """One process of the installation, started again whenever it ends."""

    def __init__(self, warm: Warm, home: Path, dsn: str, *command: str) -> None:
        self.port: int | None = None
        self._warm = warm
        self._command = command
        self._where = {
            "cwd": home,
            "env": {
                **os.environ,
                "DATABASE_URL": dsn,
                "ADMIN_API_KEY": KEY,
                "SHUTDOWN_TIMEOUT": "5",
            },
        }
        self._process: Running | None = None
        self._leaving = False
        self._ready = asyncio.Event()
        self._kept = asyncio.create_task(self._keep())

    async def kill(self) -> None:
        """End it whatever it does."""
        self._leaving = True
        self.signal(signal.SIGKILL)
        await self._kept

    def signal(self, number: int) -> None:
        """Send it a signal, if it runs."""
        with contextlib.suppress(ProcessLookupError):
            if self._process is not None:
                self._process.send_signal(number)

    async def ready(self) -> None:
        """Wait until it serves."""
        async with asyncio.timeout(PATIENCE_S):
            await self._ready.wait()

    async def leave(self) -> None:
        """End it for good."""
        self._leaving = True
        self.signal(signal.SIGTERM)
        await self._kept

    async def _keep(self) -> None:
        while not self._leaving:
            with self._warm.start(self._command, **self._where) as self._process:
                while line := await asyncio.to_thread(self._process.stderr.readline):
                    self._note(line)
                await asyncio.to_thread(self._process.wait)
            self.port = None
            self._ready.clear()

    def _note(self, line: str) -> None:
        with contextlib.suppress(json.JSONDecodeError):
            entry = json.loads(line)
            if entry["event"] in {"api.ready", "worker.ready"}:
                self.port = entry.get("port")
                self._ready.set()


@contextlib.asynccontextmanager
async def member(*arguments):
    """A member that is not left behind."""
    made = Member(*arguments)
    try:
        yield made
    finally:
        await made.kill()


class Sender:
    """Sends one event after the other, each until it is acknowledged."""

    def __init__(self, apis: list[Member], numbers: itertools.count[int]) -> None:
        self.acknowledged: list[int] = []
        self._apis = apis
        self._numbers = numbers
        self._wire: Wire | None = None

    async def run(self, over: asyncio.Event) -> None:
        while not over.is_set():
            number = next(self._numbers)
            request = Served(port=0, key=KEY, pid=0).request(
                "/v1/events", json.dumps(item(number)).encode()
            )
            while not await self._try(request):  # noqa: ASYNC110 - until somebody answers
                await asyncio.sleep(0.05)
            self.acknowledged.append(number)

    async def _try(self, request: bytes) -> bool:
        try:
            if self._wire is None:
                port = random.choice(self._apis).port
                if port is None:
                    return False
                self._wire = await connect(port)
            async with asyncio.timeout(10):
                return await self._wire.send(request) == 202
        except (OSError, TimeoutError):
            self.hang_up()
            return False

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None


async def disturb(home: Path, apis: list[Member], workers: list[Member], lasting: float) -> int:
    """Restart something about every second; returns how often."""
    chance, count, clock = random.Random(7), 0, asyncio.get_running_loop().time
    ends = clock() + lasting
    while clock() < ends:
        await asyncio.sleep(chance.uniform(0.3, 2.0))
        victim = chance.choice(["database", "api", "api", "worker"])
        if victim == "database":
            with contextlib.suppress(AssertionError):  # it is down as it is
                kill({Sight(home).postmaster})
        else:
            chosen = chance.choice(apis if victim == "api" else workers)
            chosen.signal(chance.choice([signal.SIGKILL, signal.SIGTERM]))
        count += 1
    return count


async def check_restarts(warm: Warm, home: Path, lasting: float) -> int:
    """Run, disturb, let it recover, and look at what is there; returns the number of restarts."""
    (home / "app.py").write_text(APP)
    async with embedded(home) as server, contextlib.AsyncExitStack() as stack:
        apis = [
            await stack.enter_async_context(member(warm, home, server.dsn, "api", "--port", "0"))
            for _ in range(2)
        ]
        workers = [
            await stack.enter_async_context(member(warm, home, server.dsn, "worker"))
            for _ in range(2)
        ]
        for each in (*apis, *workers):
            await each.ready()
        numbers, over = itertools.count(), asyncio.Event()
        senders = [Sender(apis, numbers) for _ in range(SENDERS)]
        sending = [asyncio.create_task(sender.run(over)) for sender in senders]
        restarts = await disturb(home, apis, workers, lasting)
        over.set()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*sending)
        for sender in senders:
            sender.hang_up()
        acknowledged = [number for sender in senders for number in sender.acknowledged]
        async with await create_pool(server.dsn) as pool:
            await check_recovered(pool)
            for each in (*apis, *workers):
                await each.leave()
            await check_events(pool, acknowledged)
            await check_alternation(pool)
            await check_audit(pool)
    return restarts


async def check_recovered(pool) -> None:
    """The clock goes on by itself: everybody leaves the bucket of those just seen."""
    async with asyncio.timeout(PATIENCE_S):
        while await pool.fetchval(_STILL_IN):  # noqa: ASYNC110 - the workers tell nobody
            await asyncio.sleep(0.1)


_STILL_IN = (
    "SELECT count(*) FROM bucket_memberships WHERE bucket_id = 'recent' AND status = 'active'"
)


async def check_events(pool, acknowledged) -> None:
    """Each acknowledged event is there once, and no event twice."""
    rows = await pool.fetch(
        "SELECT idempotency_key, count(*) AS n FROM user_events "
        "WHERE idempotency_key IS NOT NULL GROUP BY 1"
    )
    stored = {row["idempotency_key"]: row["n"] for row in rows}
    assert set(stored.values()) == {1}
    assert {f"k{number}" for number in acknowledged} <= stored.keys()


async def check_audit(pool) -> None:
    """Nobody is in or out who should not be."""
    engine = Engine(pool=pool, registry=Registry([*STEADY, CLOCKED]), clock=SystemClock())
    assert await engine.reconciler.reconcile(engine.clock.now()) == 0


@pytest.mark.timeout(300)
async def test_restarts_under_load(warm, home):
    """Some seconds of it; whatever is hit, by kill -9 or by SIGTERM."""
    assert await check_restarts(warm, home, 12) > 5


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_ten_minutes_of_restarts_under_load(warm, home):
    """The same, for ten minutes."""
    assert await check_restarts(warm, home, 600) > 300
