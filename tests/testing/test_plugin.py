"""The pytest plugin, as somebody else's project uses it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from textwrap import dedent

import pytest

from hogsend.db.embedded import EmbeddedPostgres
from hogsend.testing.plugin import pytest_unconfigure

BUCKETS = """
    from hogsend import days, define_bucket

    on_trial = define_bucket(
        id="on-trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial")
    )
"""

QUIET = ["-q", "-W", "error", "-p", "no:cacheprovider"]
for ours in ("randomly", "xdist", "schemathesis", "hypothesispytest", "timeout", "anyio"):
    QUIET += ["-p", f"no:{ours}"]
AUTO = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
PLAIN = ["-p", "no:asyncio"]


@pytest.fixture
def run_pytest(tmp_path, server):
    """Runs a project of one file, with nothing but what its user installs."""

    def run(code: str, *options: str, **variables: str) -> str:
        (tmp_path / "test_it.py").write_text(dedent(BUCKETS) + dedent(code))
        ran = subprocess.run(
            [sys.executable, "-m", "pytest", *QUIET, *options],
            cwd=tmp_path,
            env={**os.environ, "TEST_DATABASE_URL": server, "PYTEST_ADDOPTS": "", **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert ran.stderr == ""
        return ran.stdout

    return run


SIMULATES = """
    async def test_simulate(hogsend_simulate):
        sim = await hogsend_simulate(buckets=[on_trial], start="2026-05-01")
        other = await hogsend_simulate(buckets=[on_trial])
        await sim.contact("u1", plan="trial")
        await sim.advance(days(1))
        assert await sim.members(on_trial) == {"u1"}
        assert await other.members(on_trial) == set()
        assert str(sim.now) == "2026-05-02 00:00:00+00:00"

    async def test_begins_empty(hogsend_simulate):
        sim = await hogsend_simulate(buckets=[on_trial])
        assert await sim.members(on_trial) == set()
"""


@pytest.mark.parametrize(
    "options",
    [
        AUTO,
        [*AUTO, "-o", "asyncio_default_test_loop_scope=session"],
    ],
    ids=["a loop per test", "one loop"],
)
def test_simulations_of_the_fixture(run_pytest, options):
    """They are closed whether the loop ends with the test or goes on."""
    assert "2 passed" in run_pytest(SIMULATES, *plugin(), *options)


def test_the_fixtures_without_a_plugin_for_async_tests(run_pytest):
    """They are plain; a test may bring its own loop.

    A simulation, or the error why there is none, which is the caller's to see; a migrated database
    to do with as one likes; a clock that stands.
    """
    code = """
        import asyncio, asyncpg, pytest
        from hogsend.testing import SimulationError

        def test_simulate(hogsend_simulate):
            async def main():
                sim = await hogsend_simulate(buckets=[on_trial])
                await sim.contact("u1", plan="trial")
                assert await sim.members(on_trial) == {"u1"}
            asyncio.run(main())

        def test_error(hogsend_simulate):
            with pytest.raises(SimulationError, match="start"):
                asyncio.run(hogsend_simulate(start="tomorrow"))

        def execute(dsn, statement):
            async def main():
                connection = await asyncpg.connect(dsn)
                try:
                    return await connection.fetch(statement)
                finally:
                    await connection.close()
            return asyncio.run(main())

        def test_one(hogsend_database):
            assert execute(hogsend_database, "SELECT user_id FROM contacts") == []
            execute(hogsend_database, "CREATE TABLE mine AS SELECT 1")

        def test_other(hogsend_database):
            execute(hogsend_database, "CREATE TABLE mine AS SELECT 1")

        def test_clock(frozen_clock):
            now = frozen_clock.now()
            frozen_clock.set(now + days(1))
            assert (now.year, frozen_clock.now() - now) == (2026, days(1))
    """
    assert "5 passed" in run_pytest(code, *plugin(), *PLAIN)


async def test_no_server_is_needed(run_pytest, clean_environment, tmp_path):
    """Without a URL one is started below the project, and has stopped soon after."""
    out = run_pytest(SIMULATES, *plugin(), *AUTO, TEST_DATABASE_URL="", DATABASE_URL="")
    assert "2 passed" in out
    home = tmp_path / ".hogsend" / "testing"
    await EmbeddedPostgres(home).wait_stopped()
    assert (home / "postgres").is_dir()


def test_loading_the_plugin_imports_nothing_heavy():
    """It is loaded in every run of an environment, also where nobody tests Hogsend."""
    code = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import hogsend.testing.plugin\n"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "['hogsend']"


def test_a_run_without_our_fixtures_has_nothing_to_end():
    """The hook looks whether there is anything, and imports nothing itself."""
    code = (
        "import sys; from hogsend.testing.plugin import pytest_unconfigure as end\n"
        "end(); assert 'hogsend.testing.databases' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert callable(pytest_unconfigure)


def plugin() -> list[str]:
    """Load the plugin, should the environment be older than its entry point."""
    known = {entry.value for entry in entry_points(group="pytest11")}
    return [] if "hogsend.testing.plugin" in known else ["-p", "hogsend.testing.plugin"]
