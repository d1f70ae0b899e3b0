"""The lines that were refused, in a file beside the one they came from."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Final, Self

from hogsend.errors import ConfigurationError
from hogsend.events.importing.lines import Line

_KEPT: Final = 3


class Rejects(AbstractContextManager["Rejects"]):
    """Writes ``{"line", "reason", "raw"}`` per refused line; leaves no file if there are none.

    Args:
        path: The file; one from an earlier import is replaced.

    Attributes:
        count: How many lines were refused.
        first: The first few as (line number, reason).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self.first: list[tuple[int, str]] = []
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._file = self.path.open("w", encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(
                f"The file for refused lines, {self.path}, cannot be written: {error.strerror}. "
                "Name another with --rejects PATH."
            ) from error
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()
        if self.count == 0:
            self.path.unlink(missing_ok=True)

    def add(self, line: Line, reason: str) -> None:
        """Refuse a line."""
        if self._file is None:
            raise ConfigurationError("The file for refused lines is not open.")
        self.count += 1
        if len(self.first) < _KEPT:
            self.first.append((line.number, reason))
        report = {"line": line.number, "reason": reason, "raw": line.show()}
        self._file.write(json.dumps(report) + "\n")
