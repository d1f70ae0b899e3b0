"""Every request gets an id, is counted and timed, and is logged if it went wrong."""

from __future__ import annotations

import re
import time
from typing import Final

import structlog
from prometheus_client import Counter, Histogram
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uuid_utils import uuid7

from hogsend.telemetry.logs import request_scope
from hogsend.telemetry.metrics import Metrics

_log = structlog.get_logger(__name__)
_HEADER: Final = "X-Request-Id"
_GIVEN: Final = re.compile(r"[\w.:+/=-]{1,100}")
_NO_ANSWER: Final = 499
_FAULT: Final = 500
_REFUSED: Final = 503


class Observe:
    """The outermost layer.

    Args:
        app: What answers.
        metrics: Where it is counted.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        started, status = time.perf_counter(), _NO_ANSWER

        async def note_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message).append(_HEADER, request_id)
            await send(message)

        with request_scope(request_id):
            try:
                await self._app(scope, receive, note_status)
            finally:
                self._note(scope, status, time.perf_counter() - started)

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, route = scope["method"], _route(scope)
        count, times = self._counted(method, route, status)
        count.inc()
        times.observe(seconds)
        # Refusals come by the thousand when there is too much; what refuses says so now and then.
        tell = _log.warning if status >= _FAULT and status != _REFUSED else _log.debug
        tell("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))

    def _counted(self, method: str, route: str, status: int) -> tuple[Counter, Histogram]:
        """The two instruments; finding them by their labels costs more than using them."""
        found = self._children.get((method, route, status))
        if found is None:
            count = self._metrics.requests.labels(method, route, status)
            found = count, self._metrics.request_seconds.labels(route)
            self._children[method, route, status] = found
        return found


def _route(scope: Scope) -> str:
    """The path of the route that answered, below where its application is mounted."""
    mounted = scope.get("root_path", "").removeprefix(scope.get("app_root_path", ""))
    path = getattr(scope.get("route"), "path", None)
    return "none" if path is None else mounted + path


def _request_id(scope: Scope) -> str:
    """The id that the client, or a proxy before us, has given; else a new one."""
    given = Headers(scope=scope).get(_HEADER)
    return given if given and _GIVEN.fullmatch(given) else str(uuid7())
