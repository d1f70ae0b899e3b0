"""What the declarations of buckets and of journeys have in common, and its faults."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import Final, NewType

ID: Final = re.compile(r"[a-z0-9][a-z0-9-]*")
LONGEST: Final = timedelta(days=36_525)
_MAX_ID_LENGTH: Final = 100


EnteredEvent = NewType("EnteredEvent", str)
"""The name of an event that a join emits. Python cannot join literals into a literal, so names have
a type of their own: it tells a type checker what a journey's ``ctx`` can be asked for."""

LeftEvent = NewType("LeftEvent", str)
"""The name of an event that a leave emits."""


class EntryLimit(StrEnum):
    """How often a user's joins are announced, or they may go through a journey."""

    UNLIMITED = "unlimited"
    ONCE = "once"
    ONCE_PER_PERIOD = "once_per_period"


def id_faults(kind: str, id_: str, example: str) -> list[str]:
    """What is wrong with an id; ``kind`` is what it names, such as ``bucket``."""
    if isinstance(id_, str) and len(id_) <= _MAX_ID_LENGTH and ID.fullmatch(id_):
        return []
    return [
        f"{kind} {id_!r}: an id is lower-case letters, digits and hyphens, begins with a letter "
        f"or digit, and has at most {_MAX_ID_LENGTH} characters, e.g. {example!r}"
    ]


def limit_faults(kind: str, id_: str, limit: str, period: timedelta | None) -> list[str]:
    """What is wrong with an entry limit and its period."""
    known = [str(member) for member in EntryLimit]
    if limit not in known:
        return [f"{kind} {id_!r}: entry_limit must be one of {', '.join(known)}; got {limit!r}"]
    if period is not None and limit != EntryLimit.ONCE_PER_PERIOD:
        return [
            f"{kind} {id_!r}: entry_period has no effect with entry_limit={str(limit)!r}; "
            "set entry_limit='once_per_period' or drop entry_period"
        ]
    return duration_faults(kind, id_, "entry_period", period)


def duration_faults(kind: str, id_: str, name: str, duration: timedelta | None) -> list[str]:
    """What is wrong with the duration called ``name``; None is one that was left out."""
    if duration is None or (isinstance(duration, timedelta) and timedelta(0) < duration <= LONGEST):
        return []
    return [
        f"{kind} {id_!r}: {name} must be a positive duration of at most 100 years, "
        f"e.g. days(7); got {duration!r}"
    ]
