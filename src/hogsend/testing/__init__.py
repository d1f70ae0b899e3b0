"""Tests in virtual time: the real engine, a real PostgreSQL, a clock that tests move.

The public names; each is imported when it is first used, so that pytest's start need not import
the engine for the sake of the plugin.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hogsend.testing.errors import SimulationError
    from hogsend.testing.history import Dwell, Email, JourneyRun, Transition
    from hogsend.testing.simulation import Simulation, simulate

__all__ = [
    "Dwell",
    "Email",
    "JourneyRun",
    "Simulation",
    "SimulationError",
    "Transition",
    "simulate",
]

_HOMES: Final = {
    "Dwell": "hogsend.testing.history",
    "Email": "hogsend.testing.history",
    "JourneyRun": "hogsend.testing.history",
    "Simulation": "hogsend.testing.simulation",
    "SimulationError": "hogsend.testing.errors",
    "Transition": "hogsend.testing.history",
    "simulate": "hogsend.testing.simulation",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'hogsend.testing' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
