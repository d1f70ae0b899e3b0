"""``bench http``: events over HTTP against the same calls in process, and a flood.

The server is ``hogsend api`` in a process of its own; 64 clients keep one request each under way.
The baseline makes the same calls of the same batcher in this process, with parsed events.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final

import msgspec

from hogsend.app.engine import Engine
from hogsend.buckets.registry import Registry
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import Note, classic_buckets, populate, scratch_place
from hogsend.cli.bench.served import Served, served
from hogsend.cli.bench.wire import Wire, wires
from hogsend.clock import SystemClock
from hogsend.db.pool import create_pool
from hogsend.events.batcher import LANES
from hogsend.events.parse import parse_event
from hogsend.settings import Settings

_CLIENTS: Final = 64
_FLOODING: Final = 128
_FLOOD_BATCH: Final = 500
_ACCEPTED: Final = 202
_OVERLOADED: Final = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    contacts: int
    events: int
    rounds: int
    round_s: float


_FULL: Final = _Scale(contacts=200_000, events=3_000_000, rounds=5, round_s=4.0)
_QUICK: Final = _Scale(contacts=20_000, events=300_000, rounds=2, round_s=1.5)

Call = Callable[[int], Awaitable[None]]
"""Makes one call in the name of a client."""


async def bench_http(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield single events, batches of 100, and the flood."""
    scale = _QUICK if quick else _FULL
    buckets = classic_buckets()
    async with scratch_place(settings) as dsn:
        async with (
            await create_pool(dsn, max_size=LANES + 2) as pool,
            served(dsn) as server,
            wires(server.port, _CLIENTS) as connections,
        ):
            now = datetime.now(UTC)
            await populate(
                pool, buckets, now, contacts=scale.contacts, events=scale.events, note=note
            )
            engine = Engine(pool=pool, registry=Registry(buckets), clock=SystemClock())
            async with engine.batcher:
                bench = _Bench(server, connections, engine, _items(scale.contacts))
                for name, size in (("single", 1), ("batch100", 100)):
                    note(f"measuring {name}")
                    yield await bench.compare(f"http.{name}", size, scale)
        note("measuring a flood")
        async with served(dsn) as server:
            yield await _flood(server, _items(scale.contacts), scale)


@dataclass(slots=True)
class _Bench:
    server: Served
    connections: list[Wire]
    engine: Engine
    items: Iterator[dict[str, Any]]
    took: list[float] = field(default_factory=list)

    async def compare(self, name: str, size: int, scale: _Scale) -> Case:
        """HTTP and in process in turn, several rounds of each after one to warm up."""
        over_http, in_process = [], []
        for _ in range(1 + scale.rounds):
            batches = [self._batch(size) for _ in range(int(scale.round_s * 8_000 / size))]
            in_process.append(size * await _rate(self._in_process(batches), scale))
            self.took.clear()
            over_http.append(size * await _rate(self._over_http(batches), scale))
        p50, p99 = percentiles_ms(self.took)
        return Case(
            name=name,
            value=median(over_http[1:]),
            unit="events/s",
            baseline=median(in_process[1:]),
            p50_ms=p50,
            p99_ms=p99,
            extra={"clients": _CLIENTS},
        )

    def _batch(self, size: int) -> list[dict[str, Any]]:
        return list(itertools.islice(self.items, size))

    def _over_http(self, batches: list[list[dict[str, Any]]]) -> Call:
        requests = itertools.cycle([_request(self.server, batch) for batch in batches])

        async def call(client: int) -> None:
            started = time.perf_counter()
            status = await self.connections[client].send(next(requests))
            assert status == _ACCEPTED, status  # noqa: S101 - nothing to measure otherwise
            self.took.append(time.perf_counter() - started)

        return call

    def _in_process(self, batches: list[list[dict[str, Any]]]) -> Call:
        now = self.engine.clock.now()
        calls = itertools.cycle([[parse_event(item, now) for item in batch] for batch in batches])

        async def call(_: int) -> None:
            await self.engine.batcher.submit(next(calls))

        return call


async def _rate(call: Call, scale: _Scale) -> float:
    """Calls per second, by all clients together."""
    started = time.perf_counter()
    ends = started + scale.round_s
    done = 0

    async def keep_calling(client: int) -> None:
        nonlocal done
        while time.perf_counter() < ends:
            await call(client)
            done += 1

    await asyncio.gather(*(keep_calling(client) for client in range(_CLIENTS)))
    return done / (time.perf_counter() - started)


async def _flood(server: Served, items: Iterator[dict[str, Any]], scale: _Scale) -> Case:
    """Far more than the queue takes: how fast is a refusal, how much memory, does it recover?"""
    request = _request(server, list(itertools.islice(items, _FLOOD_BATCH)))
    before, highest = server.memory_mb(), 0.0
    took: dict[int, list[float]] = {_ACCEPTED: [], _OVERLOADED: []}
    ends = time.perf_counter() + scale.rounds * scale.round_s

    async def keep_flooding(wire: Wire) -> None:
        nonlocal highest
        while (started := time.perf_counter()) < ends:
            status = await wire.send(request)
            took[status].append(time.perf_counter() - started)
            highest = max(highest, server.memory_mb())
            await asyncio.sleep(0.05)

    async with wires(server.port, _FLOODING) as connections:
        await asyncio.gather(*map(keep_flooding, connections))
        recovered = await connections[0].send(_request(server, [next(items)]))
    p50, p99 = percentiles_ms(took[_OVERLOADED])
    return Case(
        name="http.flood",
        value=p99,
        unit="ms to a 503 (p99)",
        p50_ms=p50,
        p99_ms=p99,
        extra={
            "refused": len(took[_OVERLOADED]),
            "accepted": len(took[_ACCEPTED]),
            "recovered": int(recovered == _ACCEPTED),
            "memory_mb_idle": before,
            "memory_mb_most": highest,
        },
    )


def _request(server: Served, batch: list[dict[str, Any]]) -> bytes:
    if len(batch) == 1:
        return server.request("/v1/events", msgspec.json.encode(batch[0]))
    return server.request("/v1/events/batch", msgspec.json.encode({"events": batch}))


def _items(contacts: int) -> Iterator[dict[str, Any]]:
    """Events without end, as clients send them."""
    chance = random.Random(1)  # noqa: S311 - a benchmark's traffic, not a secret
    names = ("app.active", "app.active", "key.action", "page.view")
    while True:
        yield {
            "name": chance.choice(names),
            "userId": f"user_{1 + int(contacts * chance.random() ** 3)}",
            "eventProperties": {"path": "/home", "n": 3},
        }
