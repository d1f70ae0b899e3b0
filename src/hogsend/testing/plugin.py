"""The pytest plugin: fixtures for code that needs an engine, a database, or a clock.

It is loaded into every pytest run of an environment that has Hogsend installed, so it imports
nothing until a fixture is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hogsend.clock import VirtualClock
    from hogsend.testing.opened import Simulations


@pytest.fixture
def hogsend_database() -> Iterator[str]:
    """The URL of a fresh, migrated database, dropped after the test."""
    from hogsend.testing.databases import depot  # noqa: PLC0415

    databases, background = depot().databases(None), depot().background
    lease = background.run(databases.lease())
    yield lease.dsn
    background.run(databases.drop(lease))


@pytest.fixture
def hogsend_simulate() -> Iterator[Simulations]:
    """A function that starts a simulation, to be awaited; the fixture ends what it started."""
    from hogsend.testing.opened import Simulations  # noqa: PLC0415

    simulations = Simulations()
    yield simulations
    simulations.close()


@pytest.fixture
def frozen_clock() -> VirtualClock:
    """A clock that stands at the beginning of 2026 until it is ``set``."""
    from datetime import UTC, datetime  # noqa: PLC0415

    from hogsend.clock import VirtualClock  # noqa: PLC0415

    return VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))


def pytest_unconfigure() -> None:
    """Drop the databases, if any test asked for one."""
    if module := sys.modules.get("hogsend.testing.databases"):
        module.close_depot()
