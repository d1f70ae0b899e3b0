"""Homes for embedded servers: initialised once, copied for each test, removed after it."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.fault.embedded_server import embedded

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def initialised(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose server has run before."""
    home = tmp_path_factory.mktemp("initialised")
    asyncio.run(_run_once(home))
    yield home
    shutil.rmtree(home)


async def _run_once(home: Path) -> None:
    server = embedded(home)
    async with server:
        pass
    await server.wait_stopped()


@pytest.fixture
def home(initialised: Path, tmp_path: Path) -> Iterator[Path]:
    """A home of the test's own; without ``initdb``, which would cost most of its time."""
    copy = tmp_path / "home"
    subprocess.run(["cp", "-a", initialised, copy], check=True)
    yield copy
    shutil.rmtree(copy)
