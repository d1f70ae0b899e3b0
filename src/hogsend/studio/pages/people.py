"""People: who they are, where they are in, why, and what happened to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hogsend.ops.contacts import list_contacts, picture_contact
from hogsend.ops.events import timeline_of
from hogsend.ops.explain import Answer, explain_membership
from hogsend.ops.explain_text import notes, summarize
from hogsend.ops.mail import list_mail
from hogsend.ops.record import Page
from hogsend.ops.runs import runs_of
from hogsend.ops.stays import Member, StayStatus
from hogsend.studio.asking import Offset, Search, make_table
from hogsend.studio.rendering import Studio

_EXPLAINED: Final = 6
_SHOWN: Final = 50
_FEW: Final = Page(limit=10)


def people_pages(studio: Studio) -> APIRouter:
    """The list, a person, and why they are in a bucket or not."""
    router = APIRouter()

    @router.get("/people")
    async def people(request: Request, q: Search = "", offset: Offset = 0) -> Response:
        table = make_table(request, "people", q=q, offset=offset)
        found = await list_contacts(studio.pool, table.page, search=table.search or None)
        table.holds(total=found.total, shown=len(found.contacts), capped=found.total_capped)
        return studio.page(request, "people.html", table=table, contacts=found.contacts)

    @router.get("/people/{user_id:path}")
    async def person(request: Request, user_id: str, offset: Offset = 0) -> Response:
        contact = await picture_contact(studio.pool, user_id)
        active = [stay for stay in contact.memberships if stay.status is StayStatus.ACTIVE]
        past = [stay for stay in contact.memberships if stay.status is StayStatus.LEFT]
        table = make_table(request, "timeline", offset=offset)
        timeline = await timeline_of(studio.pool, user_id, table.page)
        table.holds(total=timeline.total, shown=len(timeline.entries), capped=timeline.total_capped)
        mails, mail = await list_mail(studio.pool, user_id=user_id, limit=_FEW.limit)
        return studio.page(
            request,
            "person.html",
            contact=contact,
            active=active[:_SHOWN],
            more_active=max(0, len(active) - _SHOWN),
            answers=await _explain_all(studio, active[:_EXPLAINED]),
            past=past[:_SHOWN],
            more_past=max(0, len(past) - _SHOWN),
            names={bucket.id: bucket.meta.name for bucket in studio.client.registry.definitions},
            journeys={each.id: each.meta.name for each in studio.client.journeys.definitions},
            runs=await runs_of(studio.pool, user_id, _FEW),
            mail=mail,
            mails=mails,
            table=table,
            entries=timeline.entries,
        )

    @router.get("/why")
    async def why(request: Request, user: str, bucket: str) -> Response:
        answer = await _explain(studio, bucket, user)
        return studio.page(
            request, "why.html", answer=answer, summary=summarize(answer), notes=notes(answer)
        )

    return router


async def _explain_all(studio: Studio, stays: Sequence[Member]) -> dict[str, Answer]:
    return {stay.bucket_id: await _explain(studio, stay.bucket_id, stay.user_id) for stay in stays}


async def _explain(studio: Studio, bucket_id: str, user: str) -> Answer:
    return await explain_membership(
        studio.pool, studio.client.registry, bucket_id, user, studio.now
    )
