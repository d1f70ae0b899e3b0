"""CSV: a header, then a line per event."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from hogsend.errors import ConfigurationError
from hogsend.events.importing.cells import cell_value
from hogsend.events.importing.columns import ColumnOptions, plan_columns
from hogsend.events.importing.lines import Line, LineError, join_quoted, read_lines

_DELIMITERS: Final = ",;\t"
_FAULTS: Final = {"unexpected end of data": "a quoted cell is never closed"}
_DATE_ALONE: Final = len("YYYY-MM-DD")


class CsvFile:
    """A CSV file whose columns are understood.

    Commas, semicolons and tabs separate cells, whichever the header has most of. An empty cell
    is a value that is not there.

    Args:
        path: The file.
        options: What its column names do not say by themselves.

    Raises:
        ConfigurationError: The header is missing, or a column is not understood.
    """

    def __init__(self, path: Path, options: ColumnOptions) -> None:
        self.path = path
        self._options = options
        self._delimiter = _DELIMITERS[0]
        try:
            names = self._header()
        except LineError as error:
            raise ConfigurationError(f"The header of {path} cannot be read: {error}.") from error
        self._columns = plan_columns(names, options)
        self.salt = _salt([options.event, [(c.field, c.key) for c in self._columns]])

    def lines(self) -> Iterator[Line]:
        """The lines below the header that are not blank."""
        lines = (line for line in self._records() if not line.blank)
        next(lines)
        return lines

    def item(self, line: Line) -> dict[str, Any]:
        """The event on a line, unchecked.

        Raises:
            LineError: The line cannot be read, or has not as many cells as the header.
        """
        cells = self._cells(line.text())
        if len(cells) != len(self._columns):
            raise LineError(f"{len(cells)} cells; the header has {len(self._columns)}")
        item: dict[str, Any] = {}
        if self._options.event is not None:
            item["name"] = self._options.event
        for column, cell in zip(self._columns, cells, strict=True):
            if not cell or not column.field:
                continue
            if column.key is None:
                item[column.field] = cell
            else:
                bag = item.setdefault(column.field, {})
                bag[column.key] = cell if column.text else cell_value(cell)
        if self._options.utc and "timestamp" in item:
            item["timestamp"] = _in_utc(item["timestamp"])
        return item

    def _header(self) -> list[str]:
        line = next((line for line in read_lines(self.path) if not line.blank), None)
        if line is None:
            raise LineError("the file is empty")
        text = line.text()
        self._delimiter = max(_DELIMITERS, key=text.count)
        return self._cells(text)

    def _records(self) -> Iterator[Line]:
        return join_quoted(read_lines(self.path), self._is_record)

    def _is_record(self, raw: bytes) -> bool:
        try:
            return len(self._cells(raw.decode())) == len(self._columns)
        except (LineError, UnicodeDecodeError):
            return False

    def _cells(self, text: str) -> list[str]:
        reader = csv.reader([text], delimiter=self._delimiter, strict=True, skipinitialspace=True)
        try:
            return next(reader)
        except csv.Error as error:
            raise LineError(f"not CSV: {_FAULTS.get(str(error), error)}") from error


def _salt(meaning: Any) -> bytes:
    return blake2b(json.dumps(meaning).encode(), digest_size=16).digest()


def _in_utc(text: str) -> str:
    """``text`` with Z, if it is a time of day without a zone."""
    try:
        naive = datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return text
    return f"{text}Z" if naive and len(text) > _DATE_ALONE else text
