"""Adds up what has been counted: triggers append to ``tally_changes``, readers want few rows.

Each statement that adds or removes rows of what operators count (contacts, events, stays, runs,
mail) appends to ``tally_changes`` how many, in its own transaction and without waiting for anybody.
Readers take ``tallies`` and the changes together, so numbers are exact whether or not, and
whenever, this runs; it only keeps reading cheap. Any number of processes may run it.
"""

from __future__ import annotations

from typing import Final

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

_AT_ONCE: Final = 20_000
_INTERVAL_S: Final = 2.0


class Tallier:
    """Moves the changes into the tallies.

    Args:
        pool: Connections to a migrated database.
        at_once: Changes that one pass takes, at most.
    """

    def __init__(self, *, pool: Pool, at_once: int = _AT_ONCE) -> None:
        self._pool = pool
        self._at_once = at_once

    async def run_once(self) -> float:
        """Add up what there is; returns the seconds until the next time."""
        taken = await self._pool.fetchval(SQL.add_up_tallies, self._at_once)
        return 0 if taken >= self._at_once else _INTERVAL_S
