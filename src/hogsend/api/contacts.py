"""Contacts over HTTP: the data plane's writes, and what operators see."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query, Request, Response

from hogsend.api.asking import Actor, AfterQuery, PageQuery, UserIdPath, text_query
from hogsend.api.body import MAX_ITEM_BYTES, read_json
from hogsend.api.openapi import takes
from hogsend.api.shapes import ContactWritten
from hogsend.app.client import Client
from hogsend.events.parse import parse_contact
from hogsend.ops.contacts import (
    ContactDetail,
    ContactPicture,
    Contacts,
    list_contacts,
    picture_contact,
    remove_contact,
    show_contact,
)
from hogsend.ops.events import Timeline, timeline_of
from hogsend.ops.outcomes import contact_answer
from hogsend.ops.record import Record


class ContactDeleted(Record):
    """A contact that is no more."""

    user_id: str
    deleted: bool
    erased: bool


class ContactAnswer(Record):
    """One contact."""

    contact: ContactPicture


def contact_routes(client: Client) -> APIRouter:
    """The data plane's contacts."""
    router = APIRouter(prefix="/v1/contacts", tags=["Contacts"])

    @router.put(
        "",
        summary="Write a contact",
        openapi_extra=takes("ContactIn"),
        response_model=ContactWritten,
    )
    async def put(request: Request) -> Response:
        """Create a contact or merge into it: null clears a property; the rest stays.

        When it returns, memberships follow the new properties. An address alone means the oldest
        contact with that address.
        """
        write = parse_contact(await read_json(request, MAX_ITEM_BYTES))
        outcome = (await client.engine.batcher.submit([write]))[0]
        return Response(msgspec.json.encode(contact_answer(outcome)), media_type="application/json")

    @router.get("/{userId:path}", summary="Read a contact")
    async def get(user_id: UserIdPath) -> ContactDetail:
        """A contact's properties, and the buckets they are in."""
        return await show_contact(client.engine.pool, user_id)

    @router.delete("/{userId:path}", summary="Delete a contact")
    async def delete(
        user_id: UserIdPath,
        actor: Actor,
        *,
        erase: Annotated[
            bool, Query(description="Also remove their events and memberships of the past.")
        ] = False,
    ) -> ContactDeleted:
        """End a contact: memberships end, for the reason `deleted`; nothing is announced.

        Without `erase`, past events and memberships stay, and count again should they come back.
        """
        await remove_contact(client, user_id, erase=erase, actor=actor)
        return ContactDeleted(user_id=user_id, deleted=True, erased=erase)

    return router


def contact_admin_routes(client: Client) -> APIRouter:
    """What operators see of contacts."""
    router = APIRouter(prefix="/v1/admin/contacts", tags=["Contacts"])

    @router.get("", summary="List contacts")
    async def list_(
        page: PageQuery,
        search: Annotated[
            str | None, text_query("The beginning of the user id or mail address.", "ada")
        ] = None,
        after: AfterQuery = None,
    ) -> Contacts:
        """Contacts in order of user id.

        A `search` looks at 2,000 at most, and `after` is not for it.
        """
        return await list_contacts(client.engine.reads, page, search=search, after=after or "")

    @router.get("/{userId:path}/timeline", summary="A contact's timeline")
    async def timeline(user_id: UserIdPath, page: PageQuery) -> Timeline:
        """What happened to them, newest first: events, joins, leaves, journeys and mail.

        `total` stops at 100,000.
        """
        return await timeline_of(client.engine.reads, user_id, page)

    @router.get("/{userId:path}", summary="Inspect a contact")
    async def show(user_id: UserIdPath) -> ContactAnswer:
        """A contact with all their stays in buckets."""
        return ContactAnswer(contact=await picture_contact(client.engine.reads, user_id))

    return router
