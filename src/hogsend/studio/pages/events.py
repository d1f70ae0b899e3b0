"""The log of events, live."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from hogsend.ops.events import list_event_names, list_events
from hogsend.ops.record import Page
from hogsend.studio.asking import Offset, Search, make_table
from hogsend.studio.rendering import Studio

_NAMES = Page(limit=100)
EventName = Annotated[str, Query(max_length=200, pattern=r"^[^\x00]*$")]


def event_pages(studio: Studio) -> APIRouter:
    """The newest events, of all or some; the first page is live."""
    router = APIRouter()

    @router.get("/events")
    async def events(
        request: Request, q: Search = "", event: EventName = "", offset: Offset = 0
    ) -> Response:
        user_id, name = q.strip(), event.strip()
        others = {"event": name} if name else {}
        table = make_table(request, "events", q=user_id, offset=offset, others=others)
        found = await list_events(
            studio.pool, table.page, user_id=user_id or None, event=name or None
        )
        table.holds(total=found.total, shown=len(found.events), capped=found.total_capped)
        return studio.page(
            request,
            "events.html",
            table=table,
            events=found.events,
            event=name,
            names=(await list_event_names(studio.pool, _NAMES)).names,
        )

    return router
