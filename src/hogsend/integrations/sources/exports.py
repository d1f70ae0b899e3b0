"""Past events as PostHog and Segment export them: NDJSON, a line each.

PostHog's batch exports have the fields of an event and its person's properties on a line; Segment's
archives have the calls as they came in.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from hogsend.errors import ConfigurationError
from hogsend.events.importing.lines import Line, LineError, LineIgnoredError
from hogsend.events.importing.ndjson import NdjsonFile
from hogsend.integrations.sources import posthog, segment
from hogsend.integrations.sources.definition import Ignored, Item

_SECONDS: Final = len("YYYY-MM-DD HH:MM:SS")
_ZONED: Final = ("Z", "z", "+", "-")


class ExportFile:
    """A file of somebody's export, read as the events that their webhooks would have been.

    Args:
        path: Where it is.
        source: Whose: one of ``SOURCES``.

    Raises:
        ConfigurationError: There is no such source, or no such file.
    """

    def __init__(self, path: Path, source: str) -> None:
        if source not in SOURCES:
            raise ConfigurationError(
                f"There is no import from {source!r}; there are: {', '.join(SOURCES)}."
            )
        if not path.is_file():
            raise ConfigurationError(f"The file {path} does not exist, or is none.")
        self.path = path
        self.salt = source.encode()
        self._inner = NdjsonFile(path)
        self._read = SOURCES[source]

    def lines(self) -> Iterator[Line]:
        """The lines that are not blank."""
        return self._inner.lines()

    def item(self, line: Line) -> dict[str, Any]:
        """The event on a line, unchecked.

        Raises:
            LineError: The line is none of this source's.
            LineIgnoredError: It stands for nothing here.
        """
        payload = self._inner.item(line)
        try:
            item = self._read(payload)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise LineError(
                f"not a line of such an export: {type(error).__name__}: {error}"
            ) from error
        if isinstance(item, Ignored):
            raise LineIgnoredError(item.reason)
        return dict(item)


def _read_posthog(line: Mapping[str, Any]) -> Item | Ignored:
    event = {
        **line,
        "properties": _object(line.get("properties")),
        "timestamp": _instant(line["timestamp"]),
    }
    return posthog.transform(
        {"event": event, "person": {"properties": _object(line.get("person_properties"))}}
    )


def _object(value: Any) -> Any:
    """Some exports have objects as text."""
    return json.loads(value) if isinstance(value, str) and value else value


def _instant(value: str) -> str:
    """Some have times without a zone, which are UTC."""
    zoned = any(mark in value[_SECONDS:] for mark in _ZONED)
    return value if zoned else f"{value}Z"


SOURCES: Final[Mapping[str, Callable[[Mapping[str, Any]], Item | Ignored]]] = {
    "posthog": _read_posthog,
    "segment": segment.transform,
}
"""What reads a line of whose export."""
