"""Idempotency keys for lines that bring none: the same file twice stores nothing twice.

A line's key is a digest of its bytes and the number of its occurrence among identical lines, so
two identical purchases are two events, and both keep their keys when the file is imported again,
with lines appended or refused ones mended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Final

_DIGEST_BYTES: Final = 16
_SMALLEST: Final = 1024
_FILE_BYTES_PER_FILTER_BYTE: Final = 32


class LineKeys:
    """Gives the lines of one pass over a file their keys.

    Only lines that may occur more than once are counted; ``scan`` finds them with a Bloom
    filter, so that a large file does not have to be remembered line by line.

    Args:
        salt: What else makes a line mean what it means, such as the header above it.
        repeated: Digests of the lines to be counted.
    """

    def __init__(self, salt: bytes, repeated: frozenset[bytes]) -> None:
        self._salt = salt
        self._seen = dict.fromkeys(repeated, 0)

    @classmethod
    def scan(cls, salt: bytes, lines: Iterable[bytes], file_bytes: int) -> LineKeys:
        """Look through all the lines once.

        Args:
            salt: As above.
            lines: The lines of the file.
            file_bytes: The size of the file; the filter takes a 32nd of it in memory.
        """
        seen = _BloomFilter(max(_SMALLEST, file_bytes // _FILE_BYTES_PER_FILTER_BYTE))
        digests = (_digest(salt, raw) for raw in lines)
        return cls(salt, frozenset(digest for digest in digests if seen.add(digest)))

    def key(self, raw: bytes) -> str:
        """The key of the next line; call it for every line, in order."""
        digest = _digest(self._salt, raw)
        occurrence = 1
        if digest in self._seen:
            occurrence = self._seen[digest] = self._seen[digest] + 1
        return f"import:{digest.hex()}:{occurrence}"


def _digest(salt: bytes, raw: bytes) -> bytes:
    return blake2b(raw, digest_size=_DIGEST_BYTES, key=salt).digest()


class _BloomFilter:
    """A set of digests that may take a new one for an old one, never the other way round."""

    def __init__(self, size: int) -> None:
        self._bits = bytearray(size)

    def add(self, digest: bytes) -> bool:
        """Add; returns whether it seems to have been there."""
        bits, seen = self._bits, True
        for place in self._places(digest):
            byte, mask = place >> 3, 1 << (place & 7)
            if not bits[byte] & mask:
                bits[byte] |= mask
                seen = False
        return seen

    def _places(self, digest: bytes) -> Iterator[int]:
        size = len(self._bits) * 8
        for start in (0, 5, 10):
            yield int.from_bytes(digest[start : start + 5]) % size
