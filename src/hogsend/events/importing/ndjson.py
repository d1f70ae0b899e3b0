"""NDJSON: an object per line, the shape of ``POST /v1/events``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hogsend.errors import InvalidInputError
from hogsend.events.importing.lines import Line, read_lines


class NdjsonFile:
    """A file with one JSON object per line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.salt = b"ndjson"

    def lines(self) -> Iterator[Line]:
        """The lines that are not blank."""
        return (line for line in read_lines(self.path) if not line.blank)

    def item(self, line: Line) -> dict[str, Any]:
        """The event on a line, unchecked.

        Raises:
            InvalidInputError: The line is not a JSON object.
        """
        text = line.text()
        try:
            item = msgspec.json.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            item = _decode_leniently(text)
        if not isinstance(item, dict):
            raise InvalidInputError("line", f"must be a JSON object; got {text[:40]!r}")
        return item


def _decode_leniently(text: str) -> Any:
    """Also take what JSON does not have (NaN, 1e400, half a surrogate pair).

    The check of the event refuses it then, with its place.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise InvalidInputError("line", "is nested too deeply") from error
    except ValueError as error:
        raise InvalidInputError("line", f"is not JSON: {error}") from error
