"""Contacts in the database. The caller owns the transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hogsend.contacts.model import Contact
from hogsend.db.literals import text_array
from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """Contacts whose row lock this transaction holds, by user id; ``created`` ones are new.

    The log knows those of them that ``returned``: they were deleted before.
    """

    contacts: dict[str, Contact]
    created: frozenset[str] = frozenset()
    returned: frozenset[str] = frozenset()


async def lock_contacts(connection: Connection, user_ids: Collection[str], now: datetime) -> Locked:
    """Lock and read contacts, creating those that are missing."""
    wanted = sorted(user_ids)
    contacts = await lock_existing(connection, wanted)
    missing = [user_id for user_id in wanted if user_id not in contacts]
    if not missing:
        return Locked(contacts=contacts)
    rows = await connection.fetch(SQL.create_contacts, missing, now)
    created = frozenset(row["user_id"] for row in rows)
    contacts |= {user_id: Contact(user_id=user_id) for user_id in created}
    overtaken = [user_id for user_id in missing if user_id not in created]
    if overtaken:
        contacts |= await lock_existing(connection, overtaken)
    returned = frozenset(row["user_id"] for row in rows if row["returned"])
    return Locked(contacts=contacts, created=created, returned=returned)


async def lock_existing(connection: Connection, user_ids: Collection[str]) -> dict[str, Contact]:
    """Lock and read the contacts that there are, by user id."""
    return _by_user(await connection.fetch(SQL.lock_contacts, text_array(sorted(user_ids))))


async def claim_contacts(connection: Connection, user_ids: Collection[str]) -> dict[str, Contact]:
    """Lock and read those of the contacts that nobody else works on, by user id."""
    return _by_user(await connection.fetch(SQL.claim_contacts, text_array(user_ids)))


async def hold_contacts(connection: Connection, user_ids: Collection[str]) -> list[str]:
    """Lock the contacts that there are, without reading them; returns their ids."""
    held = await connection.fetchval(SQL.hold_contacts, text_array(sorted(user_ids)))
    return held or []


async def save_contacts(connection: Connection, contacts: Sequence[Contact], now: datetime) -> None:
    """Store changed contacts; the caller holds their locks."""
    await connection.execute(
        SQL.save_contacts,
        [contact.user_id for contact in contacts],
        [contact.email for contact in contacts],
        [contact.properties for contact in contacts],
        now,
    )


async def save_awaits(connection: Connection, awaits: Mapping[str, Collection[str]]) -> None:
    """Note which events somebody waits for, by user id; the caller holds the contacts' locks."""
    lists = [text_array(sorted(names)) for names in awaits.values()]
    await connection.execute(SQL.save_awaits, text_array(list(awaits)), text_array(lists))


async def delete_contact(connection: Connection, user_id: str) -> None:
    """Remove a contact; the caller holds their lock."""
    await connection.execute(SQL.delete_contact, user_id)


async def find_by_email(connection: Connection, emails: Collection[str]) -> dict[str, str]:
    """The user id of each known mail address (lower case)."""
    rows = await connection.fetch(SQL.find_by_email, list(emails))
    return {row["email"]: row["user_id"] for row in rows}


async def find_contact(connection: Connection, user_id: str) -> Contact | None:
    """A contact by id, not locked."""
    return _by_user(await connection.fetch(SQL.find_contact, user_id)).get(user_id)


async def find_neighbours(connection: Connection, user_id: str, limit: int) -> list[str]:
    """Ids that stand next to ``user_id`` in order, ``limit`` each way."""
    return [row["user_id"] for row in await connection.fetch(SQL.neighbours, user_id, limit)]


def _by_user(rows: Sequence[Any]) -> dict[str, Contact]:
    return {
        row["user_id"]: Contact(
            user_id=row["user_id"],
            email=row["email"],
            properties=row["properties"],
            awaits=row["awaits"],
        )
        for row in rows
    }
