"""Opens a file of events, whatever its form."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

from hogsend.errors import ConfigurationError
from hogsend.events.importing.columns import ColumnOptions
from hogsend.events.importing.csv_file import CsvFile
from hogsend.events.importing.lines import Line
from hogsend.events.importing.ndjson import NdjsonFile

_CSV: Final = frozenset({".csv", ".tsv"})
_NDJSON: Final = frozenset({".ndjson", ".jsonl"})
_FOREIGN: Final = {
    b"\x1f\x8b": "is compressed; unpack it first (gunzip)",
    b"PK": "is a ZIP archive or a spreadsheet; save it as CSV first",
    b"\xff\xfe": "is UTF-16; save it as UTF-8",
    b"\xfe\xff": "is UTF-16; save it as UTF-8",
    b"[": "is a JSON array; write one object per line, e.g. jq -c '.[]' FILE > events.ndjson",
}


class EventFile(Protocol):
    """A file of events, a line each; it may be read several times.

    Attributes:
        path: Where it is.
        salt: What a line's meaning depends on besides its bytes; at most 64 bytes.
    """

    path: Path
    salt: bytes

    def lines(self) -> Iterator[Line]:
        """Its lines that hold events, in order."""
        ...

    def item(self, line: Line) -> dict[str, Any]:
        """The event on a line, as a client would send it, unchecked.

        Raises:
            LineError: The line cannot be read.
        """
        ...


def open_event_file(path: Path, options: ColumnOptions) -> EventFile:
    """Open ``path`` as CSV or NDJSON, by its name or else by its first character.

    Raises:
        ConfigurationError: There is no such file, or it is not one of events.
    """
    start = _start(path)
    for signature, fault in _FOREIGN.items():
        if start.startswith(signature):
            raise ConfigurationError(f"{path} {fault}.")
    suffix = path.suffix.lower()
    if suffix in _NDJSON or (suffix not in _CSV and start.startswith(b"{")):
        if options != ColumnOptions():
            raise ConfigurationError(
                f"{path} is NDJSON; --event, --property and the other column options are for CSV."
            )
        return NdjsonFile(path)
    return CsvFile(path, options)


def _start(path: Path) -> bytes:
    """The first bytes, without a byte order mark and blanks."""
    if not path.is_file():
        kind = "is not a regular file" if path.exists() else "does not exist"
        raise ConfigurationError(f"The file {path} {kind}.")
    try:
        with path.open("rb") as file:
            start = file.read(4096)
    except OSError as error:
        raise ConfigurationError(f"The file {path} cannot be read: {error.strerror}.") from error
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not start:
        raise ConfigurationError(f"The file {path} is empty.")
    return start
