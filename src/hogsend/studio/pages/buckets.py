"""The list of all buckets."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hogsend.ops.standings import StandingSort, list_standings
from hogsend.studio.asking import Offset, Order, Search, make_table
from hogsend.studio.rendering import Studio


def buckets_pages(studio: Studio) -> APIRouter:
    """The list, which is live where it stands."""
    router = APIRouter()

    @router.get("/buckets")
    async def page(
        request: Request,
        q: Search = "",
        sort: StandingSort = StandingSort.CODE,
        order: Order = Order.UP,
        offset: Offset = 0,
    ) -> Response:
        column = "" if sort is StandingSort.CODE else sort
        table = make_table(request, "buckets", q=q, offset=offset, sort=column, order=order)
        found = await list_standings(
            studio.pool,
            studio.client.registry,
            table.page,
            studio.now,
            search=table.search,
            sort=sort,
            descending=table.descending,
        )
        table.holds(total=found.total, shown=len(found.standings))
        return studio.page(request, "buckets.html", found=found, table=table)

    return router
