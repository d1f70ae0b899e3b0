"""Two limits, each process its own: bad keys by address, and admin requests by key."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeVar

_REMEMBERED: Final = 10_000

K = TypeVar("K")
V = TypeVar("V")


class BadKeys:
    """Refuses an address that showed too many bad keys, until it is time to forget one of them.

    A key that this address showed before and that was good still opens: behind a proxy or a NAT,
    one client's bad keys must not lock out the others. Addresses of IPv6 count by their /64.

    Args:
        allowed: Bad keys at once.
        forgotten_every: Seconds after which one of them is forgotten.
    """

    def __init__(self, *, allowed: int = 300, forgotten_every: float = 1.0) -> None:
        self._allowed = allowed
        self._forgotten_every = forgotten_every
        self._clean_at: OrderedDict[str, float] = OrderedDict()
        self._good: OrderedDict[tuple[str, bytes], None] = OrderedDict()

    def wait_for(self, address: str, key_hash: bytes, now: float) -> float:
        """Seconds before this address may show this key; ``now`` is of a monotonic clock."""
        network = network_of(address)
        remembered = self._clean_at.get(network, now) - now
        if remembered <= (self._allowed - 1) * self._forgotten_every:
            return 0.0
        if (network, key_hash) in self._good:
            return 0.0
        return remembered - (self._allowed - 1) * self._forgotten_every

    def note_bad(self, address: str, key_hash: bytes, now: float) -> None:
        """The key opened nothing."""
        network = network_of(address)
        self._good.pop((network, key_hash), None)
        since = max(now, self._clean_at.get(network, now))
        _remember(self._clean_at, network, since + self._forgotten_every)

    def note_good(self, address: str, key_hash: bytes) -> None:
        """The key was good."""
        place = (network_of(address), key_hash)
        if place not in self._good:
            _remember(self._good, place, None)


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
        _remember(self._used, key, (ends_at, used + 1))
        return Quota(
            limit=self._limit,
            remaining=self._limit - used - 1,
            reset=max(1, math.ceil(ends_at - now)),
        )


def _remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
    """Keep the newest ``_REMEMBERED``, so that nobody fills the memory."""
    memory[key] = value
    memory.move_to_end(key)
    if len(memory) > _REMEMBERED:
        memory.popitem(last=False)


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:  # noqa: PLR2004 - the version's name
        return address
    return str(ipaddress.ip_network((int(parsed), 64), strict=False))
