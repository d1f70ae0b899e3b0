"""The plain text of an HTML mail, for those who read no HTML."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final

_SKIPPED: Final = frozenset({"head", "script", "style", "title"})
_PARAGRAPHS: Final = frozenset({"blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "p", "table"})
_LINES: Final = frozenset({"br", "div", "hr", "li", "ol", "tr", "ul"})


def to_text(page: str) -> str:
    """What ``page`` says: paragraphs apart, links as ``words (address)``."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


class _Reader(HTMLParser):
    """Collects the text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._skipped = 0
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line where the tag does."""
        self._skipped += tag in _SKIPPED
        self._break(tag)
        if tag == "li":
            self.pieces.append("- ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.pieces)))
        elif tag == "img" and (words := dict(attrs).get("alt")):
            self.handle_data(words)

    def handle_endtag(self, tag: str) -> None:
        """End a line where the tag does, and say where a link leads."""
        self._skipped = max(0, self._skipped - (tag in _SKIPPED))
        if tag == "a" and self._links:
            self._end_link(*self._links.pop())
        self._break(tag)

    def handle_data(self, data: str) -> None:
        """Keep the words; the source's own line breaks mean nothing."""
        if not self._skipped:
            self.pieces.append(re.sub(r"\s+", " ", data))

    def _break(self, tag: str) -> None:
        if tag in _PARAGRAPHS:
            self.pieces.append("\n\n")
        elif tag in _LINES:
            self.pieces.append("\n")

    def _end_link(self, address: str, start: int) -> None:
        words = "".join(self.pieces[start:]).strip()
        if address and not address.startswith("#") and address != words:
            self.pieces.append(f" ({address})")
