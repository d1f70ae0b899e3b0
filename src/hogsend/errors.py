"""Every error that Hogsend raises on purpose."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

_SHOWN = 10


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


class NotFoundError(HogsendError):
    """There is nothing of that id; the message names what is near.

    Args:
        kind: What was asked for, e.g. ``bucket``.
        wanted: The id that was given.
        known: Ids that there are; not all of them need be.
        near: Whether ``known`` are only those near ``wanted``.
    """

    def __init__(self, kind: str, wanted: str, known: Sequence[str], *, near: bool = False) -> None:
        self.kind = kind
        self.wanted = wanted
        hint = did_you_mean(wanted, known)
        there_are = "" if near else _there_are(kind, known)
        super().__init__(f"There is no {kind} {wanted!r}.{hint}{there_are}")


def did_you_mean(wanted: str, known: Sequence[str]) -> str:
    """`` Did you mean 'lapsed'?``, or nothing if nothing is near."""
    near = difflib.get_close_matches(wanted, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _there_are(kind: str, known: Sequence[str]) -> str:
    if not known:
        return f" There are no {kind}s."
    more = f" and {len(known) - _SHOWN} more" if len(known) > _SHOWN else ""
    return f" There are: {', '.join(known[:_SHOWN])}{more}."


class ConflictError(HogsendError):
    """The thing is in a state in which this cannot be done; the message says which."""


class UnreachableError(DatabaseError):
    """The database is not there, or not yet; the same may work later."""
