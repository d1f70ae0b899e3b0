"""Single events at a fixed rate over HTTP, whether or not the earlier ones are answered.

A request's time counts from the instant at which it was meant to be sent, so a server that falls
behind cannot hide it by being asked less.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import msgspec

from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import Note, classic_buckets, populate, scratch_place
from hogsend.cli.bench.served import Served, served
from hogsend.cli.bench.wire import Wire, connect
from hogsend.db.pool import create_pool
from hogsend.settings import Settings

_RATE: Final = 500
_WARM_UP_S: Final = 2.0
_ACCEPTED: Final = 202
_SPREAD: Final = 7919


@dataclass(slots=True, kw_only=True)
class _Pacer:
    server: Served
    contacts: int
    idle: list[Wire] = field(default_factory=list)
    took_s: list[float] = field(default_factory=list)
    failed: int = 0

    async def run(self, seconds: float) -> None:
        """Send ``_RATE`` requests a second for that long."""
        calls: set[asyncio.Task[None]] = set()
        begun = time.perf_counter()
        for number in range(int(seconds * _RATE)):
            meant_at = begun + number / _RATE
            await asyncio.sleep(max(0.0, meant_at - time.perf_counter()))
            call = asyncio.create_task(self._send(number, meant_at))
            calls.add(call)
            call.add_done_callback(calls.discard)
        await asyncio.gather(*calls)

    async def _send(self, number: int, meant_at: float) -> None:
        body = {"name": "app.active", "userId": f"user_{1 + number * _SPREAD % self.contacts}"}
        wire = self.idle.pop() if self.idle else await connect(self.server.port)
        status = await wire.send(self.server.request("/v1/events", msgspec.json.encode(body)))
        self.took_s.append(time.perf_counter() - meant_at)
        self.failed += status != _ACCEPTED
        self.idle.append(wire)


async def measure_rate(settings: Settings, quick: bool, note: Note) -> Case:
    """The time from the instant of sending to the answer: membership is committed by then."""
    contacts, events = (20_000, 300_000) if quick else (200_000, 3_000_000)
    async with scratch_place(settings) as dsn, served(dsn) as server:
        async with await create_pool(dsn, max_size=2) as pool:
            await populate(
                pool,
                classic_buckets(),
                datetime.now(UTC),
                contacts=contacts,
                events=events,
                note=note,
            )
        note(f"{_RATE} single events a second over HTTP")
        pacer = _Pacer(server=server, contacts=contacts)
        await pacer.run(_WARM_UP_S)
        pacer.took_s.clear()
        await pacer.run(5 if quick else 30)
        for wire in pacer.idle:
            wire.close()
    p50, p99 = percentiles_ms(pacer.took_s)
    return Case(
        name=f"latency.rate{_RATE}",
        value=p99,
        unit="ms to the answer (p99)",
        p50_ms=p50,
        p99_ms=p99,
        extra={"events": len(pacer.took_s), "failed": pacer.failed, "connections": len(pacer.idle)},
    )
