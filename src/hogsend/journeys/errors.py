"""What goes wrong in a journey."""

from __future__ import annotations

from hogsend.errors import HogsendError


class JourneyError(HogsendError):
    """A journey used its context in a way that cannot work; the message says what to do."""


class DivergenceError(HogsendError):
    """A run no longer takes the way that its journal tells; it fails and is not tried again."""


class StepError(HogsendError):
    """A step raised an exception.

    It is the same at a replay, where the original exception (``__cause__``) is gone.

    Attributes:
        step: The step's name.
        type: The name of the exception's class.
    """

    def __init__(self, step: str, type: str, message: str) -> None:  # noqa: A002 - what it is
        self.step = step
        self.type = type
        super().__init__(f"{step} failed: {type}: {message}" if message else f"{step}: {type}")
