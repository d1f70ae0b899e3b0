"""The PostgreSQL server that tests make their databases on."""

from __future__ import annotations

import os
import urllib.parse
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hogsend.db.embedded import EmbeddedPostgres
from hogsend.errors import DatabaseError
from hogsend.settings import Settings

_VARIABLE: Final = "TEST_DATABASE_URL"
_HOME: Final = "testing"
_QUICK: Final = {
    "fsync": "off",  # nothing on this server outlives a test
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a server is: the URL of a database on it, or a directory for one of our own."""

    url: str | None = None
    home: Path | None = None
    binaries: Path | None = None


def find_place(url: str | None) -> Place:
    """The place that a test names, else the environment, else a server of our own.

    Ours lives beside the one of ``hogsend dev`` (``.hogsend/testing``), not on it: it may give up
    durability for speed, and nothing that tests do can reach an app's data.
    """
    settings = Settings()
    given = url or os.environ.get(_VARIABLE)  # an empty one is none, as in the settings
    if not given and settings.database_url is not None:
        given = settings.database_url.get_secret_value()
    if given:
        return Place(url=given)
    home = (settings.hogsend_home / _HOME).resolve()
    return Place(home=home, binaries=settings.hogsend_pg_bin)


class Server:
    """A server for as long as this process wants it.

    Args:
        place: Where it is.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._embedded: EmbeddedPostgres | None = None

    async def start(self) -> str:
        """The URL of a database to connect to first; the server runs from now on.

        Raises:
            DatabaseError: Our own server does not start; says what to do.
        """
        if self._place.home is None:
            return self._place.url or ""
        if self._embedded is None:
            embedded = EmbeddedPostgres(
                self._place.home, binaries=self._place.binaries, settings=_QUICK
            )
            try:
                await embedded.start()
            except DatabaseError as error:
                raise DatabaseError(
                    f"{error}\nThe server for tests keeps nothing of value: if it stays like "
                    f"this, delete {self._place.home}."
                ) from error
            self._embedded = embedded
        return self._embedded.dsn

    async def stop(self) -> None:
        """Leave it; ours stops when its last user has gone."""
        if self._embedded is not None:
            await self._embedded.stop()
            self._embedded = None


def in_database(dsn: str, name: str) -> str:
    """The URL of another database on the same server."""
    return urllib.parse.urlsplit(dsn)._replace(path=f"/{urllib.parse.quote(name)}").geturl()
