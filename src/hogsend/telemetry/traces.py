"""Spans, for whoever has configured an OpenTelemetry SDK; without one they cost next to nothing.

FastAPI makes the spans of the requests; ours are what happens behind them and without them.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from opentelemetry import trace
from opentelemetry.util.types import AttributeValue

_NAME: Final = "hogsend"
_NOTHING: Final = nullcontext()


def span(name: str, attributes: Mapping[str, AttributeValue]) -> AbstractContextManager[object]:
    """A span around the block; an exception that leaves the block is noted in it."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, trace.ProxyTracerProvider):  # nobody has configured another
        return _NOTHING
    return provider.get_tracer(_NAME).start_as_current_span(name, attributes=attributes)


def name_request(method: str, route: str) -> None:
    """Name the span of the request, for a route that FastAPI does not find itself."""
    current = trace.get_current_span()
    if current.is_recording():
        current.update_name(f"{method} {route}")
        current.set_attribute("http.route", route)
