"""What takes part in an ingest transaction."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hogsend.db.pool import Connection
from hogsend.events.model import Change, Exit, Move


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One ingest transaction under way; the locks of all its contacts are held.

    Attributes:
        now: The instant at which everything in it happens, taken once the locks were held.
        changes: What happened so far, in order. A subscriber puts what follows from a change
            right behind it (or before it, where the clock alone caused it earlier).
        exits: The journeys that something in it ended.
        moves: Who joined or left a bucket that others want to know of, silently or not.
    """

    connection: Connection
    now: datetime
    changes: list[Change]
    exits: list[Exit] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)


class Subscriber(Protocol):
    """Reacts to changes inside the transaction that makes them."""

    async def process(self, transaction: Transaction) -> None:
        """Read, decide and write; append the events that follow to ``changes``."""
        ...

    async def forget(self, transaction: Transaction, user_id: str, *, erase: bool) -> None:
        """End what concerns a contact who is being deleted; ``erase``: leave no row of it."""
        ...
