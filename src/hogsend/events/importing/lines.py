"""A file's lines: numbered, bounded, and whole where CSV quotes span several."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hogsend.errors import HogsendError

MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""Longer lines are refused. Two property bags of the largest size fit, however escaped."""

_MAX_JOINED: Final = 100
_QUOTE: Final = b'"'
_BYTE_ORDER_MARK: Final = "\ufeff"


class LineError(HogsendError):
    """A line cannot be read as an event; the message says why."""


class LineIgnoredError(LineError):
    """A line is understood and stands for nothing here; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line without its ending, or several that a quoted line break joins.

    Attributes:
        number: Of its first line in the file, from 1.
        cut: It is longer than ``MAX_LINE_BYTES``; ``raw`` is only its beginning.
    """

    number: int
    raw: bytes
    cut: bool = False

    @property
    def blank(self) -> bool:
        """Whether there is nothing on it."""
        return not self.raw or self.raw.isspace()

    def text(self) -> str:
        """Its text; a byte order mark at the start of the file is not part of it.

        Raises:
            LineError: It is too long, or not UTF-8.
        """
        if self.cut:
            raise LineError(f"longer than {MAX_LINE_BYTES:,} bytes")
        try:
            text = self.raw.decode()
        except UnicodeDecodeError as error:
            wrong = self.raw[error.start]
            raise LineError(
                f"not UTF-8: byte 0x{wrong:02X} at position {error.start + 1}"
            ) from error
        return text.removeprefix(_BYTE_ORDER_MARK) if self.number == 1 else text

    def show(self) -> str:
        """It for a report, whatever it contains."""
        return self.raw.decode(errors="backslashreplace")


def read_lines(path: Path) -> Iterator[Line]:
    """The lines of a file, one in memory at a time."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            cut, ended = len(raw) > MAX_LINE_BYTES, raw.endswith(b"\n")
            while not ended and (rest := file.readline(MAX_LINE_BYTES)):
                cut, ended = True, rest.endswith(b"\n")
            yield Line(number=number, raw=raw.rstrip(b"\r\n"), cut=cut)


def join_quoted(lines: Iterator[Line], is_record: Callable[[bytes], bool]) -> Iterator[Line]:
    """Join lines where a quoted cell contains line breaks.

    A line whose quote is never closed stays alone, so that it spoils none of those behind it.

    Args:
        lines: Physical lines.
        is_record: Whether bytes are one complete record.
    """
    waiting: deque[Line] = deque()
    while (line := _next(waiting, lines)) is not None:
        if line.raw.count(_QUOTE) % 2 and not line.cut:
            yield _closed(line, waiting, lines, is_record) or line
        else:
            yield line


def _next(waiting: deque[Line], lines: Iterator[Line]) -> Line | None:
    return waiting.popleft() if waiting else next(lines, None)


def _closed(
    first: Line, waiting: deque[Line], lines: Iterator[Line], is_record: Callable[[bytes], bool]
) -> Line | None:
    """``first`` joined with the lines up to its closing quote; None if they are no record."""
    taken = [first]
    while len(taken) < _MAX_JOINED and (line := _next(waiting, lines)) is not None:
        taken.append(line)
        if line.cut or line.raw.count(_QUOTE) % 2:
            break
    joined = b"\n".join(line.raw for line in taken)
    if len(joined) <= MAX_LINE_BYTES and is_record(joined):
        return Line(number=first.number, raw=joined)
    waiting.extendleft(reversed(taken[1:]))
    return None
