"""Contacts as operators see them: lists, one of them, what happened to them, deleting."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from hogsend.app.client import Client
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.errors import NotFoundError
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import (
    CappedListing,
    Instant,
    Page,
    Record,
)
from hogsend.ops.stays import Member

SQL = load_queries(__package__)

FOUND_UP_TO: Final = 2_000
"""Contacts that a search looks at, at most, in either order."""


class Contact(Record):
    """A person."""

    user_id: str
    email: str | None
    properties: dict[str, Any]
    created_at: Instant
    updated_at: Instant


class Contacts(CappedListing):
    """Contacts in order of user id."""

    contacts: list[Contact]


class ContactDetail(Contact):
    """A person, and the buckets they are in."""

    buckets: list[str]


class ContactPicture(ContactDetail):
    """A person with all their stays in buckets, newest first."""

    memberships: list[Member]


async def list_contacts(
    pool: Pool, page: Page, *, search: str | None = None, after: str = ""
) -> Contacts:
    """Contacts in order of user id; ``search`` is how the id or the mail address begins.

    Without it, ``after`` leaves out those up to that user id: the way to read all of many.
    """
    if search is None:
        rows = await pool.fetch(SQL.list_contacts, page.limit, page.offset, after)
        total, capped = await pool.fetchval(SQL.count_contacts), False
    else:
        rows = await pool.fetch(SQL.search_contacts, search, page.limit, page.offset, FOUND_UP_TO)
        found = await pool.fetchval(SQL.count_found_contacts, search, FOUND_UP_TO)
        total, capped = min(found, FOUND_UP_TO), found > FOUND_UP_TO
    return Contacts(
        contacts=[Contact.of(row) for row in rows],
        total=total,
        total_capped=capped,
        limit=page.limit,
        offset=page.offset,
    )


async def show_contact(pool: Pool, user_id: str) -> ContactDetail:
    """One contact.

    Raises:
        NotFoundError: There is none.
    """
    row = await pool.fetchrow(SQL.show_contact, user_id)
    if row is None:
        raise _no_contact(user_id)
    return ContactDetail.of(row)


async def picture_contact(pool: Pool, user_id: str) -> ContactPicture:
    """One contact and all their stays.

    Raises:
        NotFoundError: There is none.
    """
    contact = await show_contact(pool, user_id)
    rows = await pool.fetch(SQL.list_user_stays, user_id, None, None)
    return ContactPicture(**dict(contact), memberships=[Member.of(row) for row in rows])


async def remove_contact(client: Client, user_id: str, *, erase: bool, actor: str) -> None:
    """Delete a contact, or ``erase`` their past, too; as ``Ingest.delete_contact`` does.

    The audit log does not name whom was erased.

    Raises:
        NotFoundError: There is no such contact (erase: nor any trace of one).
    """
    action = Action(
        actor=actor,
        name=f"contact.{'erase' if erase else 'delete'}",
        target="(erased)" if erase else user_id,
    )

    async def record(connection: Connection, now: datetime) -> None:
        await record_action(connection, action, now)

    if not await client.engine.ingest.delete_contact(user_id, erase=erase, record=record):
        raise _no_contact(user_id)


def _no_contact(user_id: str) -> NotFoundError:
    return NotFoundError("contact", user_id, (), near=True)
