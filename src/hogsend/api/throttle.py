"""How many admin requests a key may send, each process its own."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from hogsend.ops.bad_keys import remember


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a key has left of its requests; ``reset`` is in seconds."""

    limit: int
    remaining: int
    reset: int

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        """As every answer of an admin route tells it."""
        return [
            (b"ratelimit-limit", b"%d" % self.limit),
            (b"ratelimit-remaining", b"%d" % max(0, self.remaining)),
            (b"ratelimit-reset", b"%d" % self.reset),
        ]


class RequestLimit:
    """So many requests in each window, by key.

    Args:
        limit: Requests in a window.
        window: Its length in seconds.
    """

    def __init__(self, limit: int, *, window: float = 60.0) -> None:
        self._limit = limit
        self._window = window
        self._used: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def take(self, key: str, now: float) -> Quota:
        """Count a request; what remains is negative if it is one too many."""
        ends_at, used = self._used.get(key, (0.0, 0))
        if now >= ends_at:
            ends_at, used = now + self._window, 0
        remember(self._used, key, (ends_at, used + 1))
        return Quota(
            limit=self._limit,
            remaining=self._limit - used - 1,
            reset=max(1, math.ceil(ends_at - now)),
        )
