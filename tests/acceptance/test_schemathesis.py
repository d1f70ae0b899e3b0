"""Whatever a client sends to a running server, the answer is what the document says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.acceptance.test_commands import free_port

PROGRAM = Path(sys.executable).with_name("schemathesis")
APP = """
from hogsend import create_client, days, define_bucket, define_journey

dormant = define_bucket(
    id="went-dormant",
    name="Went dormant",
    criteria=lambda b: b.all(
        b.event("app.active").exists(), b.event("app.active").within(days(7)).not_exists()
    ),
)
pro = define_bucket(id="pro", name="Pro", criteria=lambda b: b.prop("plan").eq("pro"))

@define_journey(id="welcome", name="Welcome", trigger=pro.entered)
async def welcome(user, ctx):
    await ctx.sleep(days(30))

client = create_client(buckets=[dormant, pro], journeys=[welcome])
"""


def scan(hogsend, *options):
    """Run the scanner with all its checks against ``hogsend dev``."""
    (hogsend.home / "app.py").write_text(APP)
    port = free_port()
    environment = {
        **hogsend.environment,
        "ADMIN_API_KEY": "scanned",
        "ADMIN_RATE_LIMIT": "1000000",
        "LOG_LEVEL": "error",
    }
    with subprocess.Popen(
        [Path(sys.executable).with_name("hogsend"), "dev", "--port", str(port)],
        cwd=hogsend.home,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        try:
            while "curl" not in server.stderr.readline():
                assert server.poll() is None
            return subprocess.run(
                [
                    PROGRAM,
                    *("run", f"http://127.0.0.1:{port}/openapi.json", "--checks", "all"),
                    *("-H", "Authorization: Bearer scanned", "--no-color", *options),
                ],
                check=False,
                capture_output=True,
                text=True,
                cwd=hogsend.home,
                env={
                    **os.environ,
                    "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
                    "PYTHONPATH": str(Path(__file__).parent),
                },
            )
        finally:
            server.terminate()
            server.communicate(timeout=30)


@pytest.mark.timeout(400)
def test_schemathesis_finds_nothing(hogsend):
    """All its checks, in short: what the document's examples and limits suggest, and sequences."""
    ran = scan(hogsend, "--phases", "examples,coverage,stateful", "-n", "1")
    assert ran.returncode == 0, ran.stdout[-8000:]
    assert "failures" not in ran.stdout.rpartition("Test cases:")[2]


@pytest.mark.soak
def test_schemathesis_finds_nothing_for_long(hogsend):
    """The same with hundreds of random requests for each operation."""
    ran = scan(hogsend, "--phases", "examples,coverage,fuzzing,stateful", "-n", "200")
    assert ran.returncode == 0, ran.stdout[-8000:]
