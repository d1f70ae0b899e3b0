"""How large a criteria tree may be; beyond these bounds it is refused, not evaluated."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MAX_CONDITIONS: Final = 250
"""Nodes of one tree, ``where`` conditions included. PostgreSQL bounds the columns of a query."""

MAX_DEPTH: Final = 32
"""Composites and nots inside one another."""

MAX_COUNT: Final = 10_000
"""The count of an event condition, which is how many of the newest events are looked at."""

MAX_WINDOW: Final = timedelta(days=36_525)
"""A window or a distance from a date: a hundred years."""

MAX_VALUES: Final = 500
"""Values of one ``in`` or ``not_in``."""

MAX_NAME: Final = 200
"""Characters of an event's name or a property's key."""

MAX_TEXT: Final = 2_000
"""Characters of a text that is compared with a property."""

MAX_NUMBER: Final = 1.7976931348623157e308
"""The largest magnitude of a number: that of a double."""

MAX_FAULTS: Final = 20
"""Faults reported for one tree."""
