"""Simulations run on the suite's server."""

from __future__ import annotations

import os

import pytest

from hogsend.testing.databases import close_depot


@pytest.fixture(scope="session", autouse=True)
def simulated_server(server):
    """``simulate`` without a ``database`` finds the suite's server; what it made goes with it."""
    patch = pytest.MonkeyPatch()
    patch.setenv("TEST_DATABASE_URL", server)
    yield server
    patch.undo()
    close_depot()


@pytest.fixture
def clean_environment(tmp_path, monkeypatch):
    """A directory without a server, and variables that name none."""
    for name in ("TEST_DATABASE_URL", "DATABASE_URL", "HOGSEND_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return {**os.environ}
