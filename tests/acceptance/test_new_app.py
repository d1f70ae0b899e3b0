"""The programs of a new app."""

from __future__ import annotations

import asyncio
import os
import sys

from hogsend.scaffold.create import create_app_directory


async def test_its_worker_works_until_it_is_told_to_stop(tmp_path, database, connection):
    """``python -m my_app.worker`` migrates, works, and ends with 0; nobody thinks it alive then."""
    create_app_directory(tmp_path / "my-app")
    worker = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "my_app.worker"),
        cwd=tmp_path / "my-app",
        env={**os.environ, "DATABASE_URL": database},
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(100):
        assert b"The worker runs.\n" in [line async for line in until_it_runs(worker.stdout)]
        worker.terminate()
        assert await worker.wait() == 0
    assert await connection.fetchval("SELECT count(*) FROM workers") == 0
    assert await connection.fetchval("SELECT count(*) FROM feedback") == 0


async def until_it_runs(stream):
    async for line in stream:
        yield line
        if line.startswith(b"The worker runs"):
            return
