"""Which files of an app were saved."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_KINDS: Final = (".py", ".mjml", ".html", ".txt", ".sql")
_NOT_ITS_OWN: Final = frozenset({"__pycache__", "node_modules", "site-packages"})
_EVERY_S: Final = 0.5


class Watch:
    """Looks at the files below a directory now and then; some dozens cost next to nothing.

    Directories that begin with a dot, virtual environments and the like are left out.

    Args:
        home: Where the app is.
        every: Seconds between two looks.
    """

    def __init__(self, home: Path, every: float = _EVERY_S) -> None:
        self._home = home
        self._every = every
        self._seen = self._look()

    async def saved(self) -> list[Path]:
        """Wait for files to be changed, added or removed since the last time, and to come to rest.

        Returns:
            Them, in order.
        """
        before = self._seen
        while True:
            await asyncio.sleep(self._every)
            now = self._look()
            if now == before != self._seen:
                changed = dict(now.items() ^ self._seen.items())
                self._seen = now
                return sorted(changed)
            before = now

    def _look(self) -> dict[Path, tuple[int, int]]:
        return dict(_files(self._home))


def _files(home: Path) -> Iterator[tuple[Path, tuple[int, int]]]:
    """The app's files, each with what a change changes."""
    for folder, folders, names in os.walk(home):
        if "pyvenv.cfg" in names:
            folders.clear()
            continue
        folders[:] = [
            name for name in folders if not name.startswith(".") and name not in _NOT_ITS_OWN
        ]
        for name in names:
            if name.endswith(_KINDS):
                path = Path(folder, name)
                try:
                    status = path.stat()
                except FileNotFoundError:  # an editor's temporary file
                    continue
                yield path, (status.st_mtime_ns, status.st_size)
