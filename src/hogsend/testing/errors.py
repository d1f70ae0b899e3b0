"""What a simulation refuses."""

from __future__ import annotations

from hogsend.errors import HogsendError


class SimulationError(HogsendError):
    """A simulation was asked for what cannot be; the message says what can."""
