"""Which scope a request takes: one table, asked before anything else looks at the request.

A path below ``/v1`` that no rule opens takes a key, whether or not there is such a route, so a
route cannot be left open by forgetting it here.
"""

from __future__ import annotations

from typing import Final

from hogsend.email.links import PATH as UNSUBSCRIBE
from hogsend.ops.keys import Scope

ADMIN: Final = "/v1/admin"
WEBHOOKS: Final = "/v1/webhooks"
"""Open to everybody without a key: sources know their own by signatures."""

_FULL_ADMIN: Final = (f"{ADMIN}/api-keys", f"{ADMIN}/webhook-endpoints")
_OPEN: Final = frozenset({"/v1/health", "/v1/health/live", UNSUBSCRIBE})
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def required_scope(method: str, path: str) -> Scope | None:
    """The scope that a request takes; None if it is open to everybody."""
    if path in _OPEN or _is_below(path, WEBHOOKS):
        return None
    if not (_is_below(path, "/v1") or path == "/metrics"):
        return None
    if any(_is_below(path, prefix) for prefix in _FULL_ADMIN):
        return Scope.FULL_ADMIN
    if is_admin(path):
        return Scope.READ if method in _SAFE else Scope.JOURNEY_ADMIN
    return Scope.READ if path == "/metrics" else Scope.INGEST


def is_admin(path: str) -> bool:
    """Whether a path belongs to operators."""
    return _is_below(path, ADMIN)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
