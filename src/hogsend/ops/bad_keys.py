"""Guessing keys is refused: bad ones are counted by address, each process its own."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
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
        remember(self._clean_at, network, since + self._forgotten_every)

    def note_good(self, address: str, key_hash: bytes) -> None:
        """The key was good."""
        place = (network_of(address), key_hash)
        if place not in self._good:
            remember(self._good, place, None)


def remember(memory: OrderedDict[K, V], key: K, value: V) -> None:
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
