"""The commands of the operations guide do what it says, against a running server."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.acceptance.test_commands import free_port
from tests.docs.test_code_blocks import blocks_of, check_console

PAGE = "docs/guides/operations.md"
APP = """
from hogsend import create_client, days, define_bucket, define_journey

went_dormant = define_bucket(
    id="went-dormant",
    name="Went dormant",
    criteria=lambda b: b.all(
        b.event("app.active").exists(), b.event("app.active").within(days(7)).not_exists()
    ),
)

@define_journey(id="win-back", name="Win back", trigger=went_dormant.entered)
async def win_back(user, ctx):
    await ctx.sleep(days(3))

client = create_client(buckets=[went_dormant], journeys=[win_back])
"""


@pytest.fixture
def running(database, tmp_path, monkeypatch):
    """``hogsend dev`` with the guide's app; the environment names it."""
    (tmp_path / "app.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("ADMIN_API_KEY", "the-guide's-key")
    monkeypatch.setenv("LOG_LEVEL", "error")
    port = free_port()
    monkeypatch.setenv("HOGSEND_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("HOGSEND_KEY", os.environ["ADMIN_API_KEY"])
    program = Path(sys.executable).with_name("hogsend")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    with subprocess.Popen(
        [program, "dev", "--port", str(port)], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            while "curl" not in process.stderr.readline():
                assert process.poll() is None
            yield
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_the_sessions_of_the_guide(running):
    """In order, each answer as it is printed there."""
    sessions = [block for block in blocks_of(PAGE) if block.language == "console"]
    assert len(sessions) > 5
    for block in sessions:
        check_console(block.code, f"{PAGE}:{block.line}")
