"""All that the database knows of one user and one bucket, read without locks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hogsend.buckets.definition import BUCKET_ENTERED
from hogsend.buckets.membership import Membership
from hogsend.buckets.store import SQL, FactReader, read_membership
from hogsend.contacts.model import Contact
from hogsend.contacts.store import find_contact
from hogsend.criteria.evaluate import Facts
from hogsend.criteria.slots import SlotDepth
from hogsend.db.pool import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """One membership; ``announced``: there was an event when it began."""

    membership: Membership
    announced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A pair.

    Attributes:
        contact: None if there is no such contact (any more).
        stays: The latest ones, newest first.
        due_at: When the pair is looked at next although nothing happened.
    """

    contact: Contact | None
    stays: tuple[Stay, ...]
    due_at: datetime | None

    @property
    def latest(self) -> Membership | None:
        """The newest stay."""
        return self.stays[0].membership if self.stays else None


async def read_situation(
    connection: Connection, user_id: str, bucket_id: str, *, stays: int
) -> Situation:
    """A pair with at most so many of its ``stays``; wants a snapshot to be consistent."""
    contact = await find_contact(connection, user_id)
    entered = f"{BUCKET_ENTERED}:{bucket_id}"
    rows = await connection.fetch(SQL.list_stays, user_id, bucket_id, entered, stays)
    return Situation(
        contact=contact,
        stays=tuple(
            Stay(membership=read_membership(row), announced=row["announced"]) for row in rows
        ),
        due_at=await connection.fetchval(SQL.find_timer, user_id, bucket_id),
    )


async def read_facts(connection: Connection, contact: Contact, slots: Sequence[SlotDepth]) -> Facts:
    """What criteria with these slots need to know of a contact."""
    needs = [(contact.user_id, number) for number in range(len(slots))]
    newest = await FactReader(slots).load(connection, needs) if needs else {}
    return Facts(
        properties=contact.properties,
        newest={slots[number].slot: instants for (_, number), instants in newest.items()},
    )
