"""Every error that Hogsend raises on purpose."""

from __future__ import annotations

from collections.abc import Sequence


class HogsendError(Exception):
    """Base of all errors raised by Hogsend."""


class DefinitionError(HogsendError):
    """One or more definitions (buckets, journeys, criteria) are wrong.

    All faults found are reported at once.

    Args:
        faults: One message per fault, each naming the thing, the value and what to do.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class InvalidInputError(HogsendError):
    """A value sent by a client cannot be accepted; nothing was stored.

    Args:
        field: Where the fault is, e.g. ``eventProperties.amount``.
        message: What is wrong with it and what would be accepted.
    """

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}")


class OverloadedError(HogsendError):
    """The ingest queue is full; try again after ``retry_after`` seconds."""

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(f"The ingest queue is full; try again in {retry_after:g} s.")


class ConfigurationError(HogsendError):
    """A setting, the app or the environment is wrong; the message says what to change."""


class DatabaseError(HogsendError):
    """The database cannot be used as it is; the message says what to do."""
