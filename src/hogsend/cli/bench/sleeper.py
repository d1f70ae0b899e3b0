"""A worker in a process of its own, for ``bench journeys``: says when it is ready, and its memory.

Called with the schema; prints a line once it has woken a run that was due, and after some seconds
of looking after the sleepers what it weighs.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path
from typing import Final

from hogsend.cli.bench.journeys import make_engine
from hogsend.db.embedded import ensure_database
from hogsend.db.pool import create_pool
from hogsend.settings import Settings

_WATCH_S: Final = 3.0
_WOKEN: Final = "SELECT EXISTS (SELECT FROM journey_states WHERE status = 'completed')"


async def watch(schema: str) -> None:
    """Run the executor."""
    settings = Settings()
    async with (
        ensure_database(settings) as database,
        await create_pool(database.dsn, max_size=4, schema=schema) as pool,
    ):
        executor = make_engine(pool).executor
        while not await pool.fetchval(_WOKEN):
            await executor.run_once()
        print("ready", flush=True)  # noqa: T201 - read by the benchmark
        end = time.perf_counter() + _WATCH_S
        while time.perf_counter() < end:  # noqa: ASYNC110 - as the service does
            await asyncio.sleep(await executor.run_once())
    print(json.dumps({"rss_mb": _most_kilobytes() / 1024}), flush=True)  # noqa: T201


def _most_kilobytes() -> int:
    """The most memory that this program had; ``getrusage`` counts its parent's, too."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1])


if __name__ == "__main__":
    asyncio.run(watch(sys.argv[1]))
