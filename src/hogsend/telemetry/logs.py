"""Structured logs: JSON lines for machines, aligned columns on a terminal.

An entry has an event name (``api.ready``), fields, and whatever ``request_scope`` says of the
request that it belongs to. Libraries that use ``logging`` come out in the same form.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, TextIO

import msgspec
import structlog

_SHARED: Final = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure_logging(level: str, stream: TextIO) -> None:
    """Send all logs of this process to ``stream``.

    Args:
        level: The least severe level that is logged.
        stream: A terminal gets columns, anything else JSON lines.
    """
    renderer = _columns(stream) if stream.isatty() else _json_lines()
    structlog.configure(
        logger_factory=lambda *_: structlog.PrintLogger(stream),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        processors=[*_SHARED, *renderer],
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_trace,
                *renderer,
            ],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def leave_out(event: str) -> None:
    """From now on, do not log ``event``: here it is expected."""

    def drop(_: Any, __: str, entry: Any) -> Any:
        if entry.get("event") == event:
            raise structlog.DropEvent
        return entry

    structlog.configure(processors=[drop, *structlog.get_config()["processors"]])


@contextmanager
def request_scope(request_id: str) -> Iterator[None]:
    """Put the request's id into every entry that is logged within the block."""
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        yield


def _columns(stream: TextIO) -> list[structlog.typing.Processor]:
    return [
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(),
            # The default shows local variables, and with them whatever secret they hold.
            exception_formatter=structlog.dev.plain_traceback,
        )
    ]


def _json_lines() -> list[structlog.typing.Processor]:
    return [
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(serializer=_to_json),
    ]


def _without_trace(_: Any, __: str, entry: Any) -> Any:
    """What libraries log: the error, not where in the library it was raised."""
    if isinstance(found := entry.pop("exc_info", None), tuple):
        entry["error"] = repr(found[1])
    return entry


def _to_json(value: object, **_: object) -> str:
    return msgspec.json.encode(value, enc_hook=repr).decode()
