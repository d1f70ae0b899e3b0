"""NDJSON: an object per line, the shape of ``POST /v1/events``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from hogsend.events.importing.lines import Line, LineError, read_lines


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
            LineError: The line is not a JSON object.
        """
        text = line.text()
        try:
            item = msgspec.json.decode(text)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            item = _decode_leniently(text)
        if not isinstance(item, dict):
            raise LineError("not a JSON object")
        return item


def _decode_leniently(text: str) -> Any:
    """Also take what JSON does not have (NaN, 1e400, half a surrogate pair).

    The check of the event refuses it then, with its place.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise LineError("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise LineError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except ValueError as error:  # e.g. a number of thousands of digits
        raise LineError(f"not JSON: {error}") from error
