"""A list as a page shows it: searched, sorted, a part at a time; all of it is in the URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlencode

from hogsend.ops.record import Page

FURTHEST: Final = 10_000
"""How far back a list is paged; searching leads further."""


@dataclass(slots=True, kw_only=True)
class Table:
    """Which part of a list is shown, and the ways to others.

    Attributes:
        id: Of the element that is replaced when another part is asked for.
        path: The page's.
        sort: The key of the column it is sorted by; empty for a list with one order.
        search: What is looked for.
        others: More parameters of the page, to be kept.
        total: How many rows there are; at least so many if ``capped``.
        shown: How many of them are on this page.
        paged: Whether there are pages behind this one to turn to.
    """

    id: str
    path: str
    sort: str = ""
    descending: bool = False
    search: str = ""
    limit: int = 50
    offset: int = 0
    others: Mapping[str, str] = field(default_factory=dict)
    total: int = 0
    shown: int = 0
    capped: bool = False
    paged: bool = True

    @property
    def page(self) -> Page:
        """As ``ops`` takes it."""
        return Page(limit=self.limit, offset=self.offset)

    def holds(self, *, total: int, shown: int, capped: bool = False, paged: bool = True) -> None:
        """Note what was found."""
        self.total, self.shown, self.capped, self.paged = total, shown, capped, paged

    @property
    def first(self) -> int:
        """The number of the first row shown."""
        return self.offset + 1

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.offset + self.shown

    @property
    def previous(self) -> str | None:
        """The page before."""
        return self._url(offset=max(0, self.offset - self.limit)) if self.offset else None

    @property
    def next(self) -> str | None:
        """The page after."""
        offset = self.offset + self.limit
        more = self.shown > 0 and (self.last < self.total or self.capped)
        return self._url(offset=offset) if more and self.paged and offset <= FURTHEST else None

    @property
    def here(self) -> str:
        """This page."""
        return self._url(offset=self.offset)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The parameters that a new search keeps."""
        return list(self._parameters(self.sort, descending=self.descending).items())

    def sorted_by(self, key: str) -> str:
        """The list sorted by a column; by the same once more is the other way round."""
        down = not self.descending if key == self.sort else True
        return self._url(sort=key, descending=down)

    def _url(
        self, *, sort: str | None = None, descending: bool | None = None, offset: int = 0
    ) -> str:
        parameters = self._parameters(
            self.sort if sort is None else sort,
            descending=self.descending if descending is None else descending,
        )
        if self.search:
            parameters["q"] = self.search
        if offset:
            parameters["offset"] = str(offset)
        return f"{self.path}?{urlencode(parameters)}" if parameters else self.path

    def _parameters(self, sort: str, *, descending: bool) -> dict[str, str]:
        order = {"sort": sort, "order": "desc" if descending else "asc"} if sort else {}
        return {**self.others, **order}
