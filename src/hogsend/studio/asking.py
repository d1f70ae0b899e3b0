"""What pages ask of a request's query."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from fastapi import Path, Query, Request

from hogsend.studio.tables import FURTHEST, Table

_LONGEST: Final = 200
_STORABLE: Final = r"^[^\x00]*$"

Search = Annotated[str, Query(alias="q", max_length=_LONGEST, pattern=_STORABLE)]
Offset = Annotated[int, Query(ge=0, le=FURTHEST)]
IdPath = Annotated[str, Path(min_length=1, max_length=_LONGEST, pattern=_STORABLE)]


class Order(StrEnum):
    """Which way a list is sorted."""

    UP = "asc"
    DOWN = "desc"


def make_table(
    request: Request,
    id_: str,
    *,
    q: str = "",
    offset: int = 0,
    limit: int = 50,
    sort: str = "",
    order: Order = Order.UP,
    others: Mapping[str, str] | None = None,
) -> Table:
    """The list that a request asks for, on the page that it asks."""
    return Table(
        id=id_,
        path=request.url.path,
        search=q.strip(),
        offset=offset,
        limit=limit,
        sort=sort,
        descending=order is Order.DOWN,
        others=others or {},
    )
