"""What a process that uses the embedded server does: join, wait, watch, leave."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
import time
import urllib.parse
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

import asyncpg
import structlog

from hogsend.db.embedded import locks
from hogsend.db.embedded.binaries import find_binaries
from hogsend.db.embedded.cluster import SUPERUSER
from hogsend.db.embedded.launch import BOOTSTRAP
from hogsend.db.embedded.layout import Layout, Order, Published
from hogsend.db.embedded.log import tail
from hogsend.db.pool import quote
from hogsend.errors import DatabaseError, HogsendError

_POLL: Final = 0.02
_WATCH: Final = 0.25  # seconds between looks whether there still is a supervisor
_WATCH_FAILURES: Final = 5.0
_FAREWELL: Final = 5.0  # seconds; a longer shutdown goes on without us
_PATIENCE: Final = 300.0  # seconds; recovery of gigabytes of log takes minutes
_NOT_YET: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # starting up, shutting down, crashed
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # asyncpg's, when the server ends in the middle of an exchange
)
_log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """A PostgreSQL server of our own, shared by all processes that name the same home.

    It runs from the first ``start`` to the last ``stop`` (or death) among them. An instance
    is an async context manager.

    Args:
        home: The directory for its data, e.g. ``.hogsend``; made if missing.
        binaries: The directory of PostgreSQL's programs; None finds them.
        settings: Server settings by name, over ours; only the first process's count.
        database: The database that ``dsn`` names; made if missing.
        patience: Seconds to wait for the server before giving up.
    """

    def __init__(
        self,
        home: Path,
        *,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
        database: str = "hogsend",
        patience: float = _PATIENCE,
    ) -> None:
        self._layout = Layout.of_home(home)
        self._binaries = binaries
        self._settings = dict(settings or {})
        self._database = database
        self._patience = patience
        self._membership: int | None = None
        self._published: Published | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def dsn(self) -> str:
        """Where the server is, as a URL for asyncpg, SQLAlchemy and libpq alike."""
        return self._dsn(self._database)

    @property
    def log(self) -> Path:
        """The file that the server and its supervisor write to."""
        return self._layout.log

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> str:
        """Join the users of the server, start it if it is not running, and return ``dsn``.

        Raises:
            DatabaseError: It cannot be started; the message says why.
            ConfigurationError: ``binaries`` does not hold PostgreSQL's programs.
        """
        if self._membership is not None:
            return self.dsn
        deadline = time.monotonic() + self._patience
        try:
            self._layout.make()
            self._membership = await self._join(deadline)
            await self._await_server(deadline)
        except BaseException as error:
            self._leave()
            if isinstance(error, OSError):
                raise DatabaseError(_unusable(self._layout.root, error)) from error
            raise
        self._watch = asyncio.create_task(self._keep_supervised())
        return self.dsn

    async def stop(self) -> None:
        """Leave; if this was the last user, the server stops, which is waited for a while."""
        if self._watch is not None and not self._watch.done():
            self._watch.cancel()
            with suppress(asyncio.CancelledError):
                await self._watch
        self._watch = None
        if self._leave():
            with suppress(DatabaseError):
                await self.wait_stopped(_FAREWELL)

    async def wait_stopped(self, patience: float = 90) -> None:
        """Return when neither the server nor its supervisor is running.

        Raises:
            DatabaseError: They still are after ``patience`` seconds, say for other users.
        """
        deadline = time.monotonic() + patience
        for path in (self._layout.supervisor_lock, self._layout.server_lock):
            while path.exists():
                lock = locks.try_lock(path, fcntl.LOCK_EX)
                if lock is not None:
                    os.close(lock)
                    break
                await self._pause(deadline, "The server is still running")

    async def _join(self, deadline: float) -> int:
        """A share of the users' lock; while the server is being stopped there is none."""
        while True:
            lock = locks.try_lock(self._layout.users_lock, fcntl.LOCK_SH)
            if lock is not None:
                return lock
            await self._pause(deadline, "The server is being stopped and does not come to an end")

    def _leave(self) -> bool:
        """Give up our share of the users' lock; whether nobody else has one."""
        if self._membership is None:
            return False
        is_last = locks.take(self._membership, fcntl.LOCK_EX)
        os.close(self._membership)
        self._membership = None
        return is_last

    async def _await_server(self, deadline: float) -> None:
        """See to a supervisor, and wait until the server it runs has our database.

        In this order: without a supervisor, what is published is about a server that is
        dead or about to be.
        """
        spawned = False
        while True:
            lock = locks.try_lock(self._layout.supervisor_lock, fcntl.LOCK_EX)
            if lock is not None:
                self._raise_failure(lock if spawned else None)
                await asyncio.to_thread(self._spawn, lock)
                spawned = True
            if await self._is_ready():
                return
            await self._pause(deadline, "The server does not come up")

    def _raise_failure(self, lock: int | None) -> None:
        """Say why the supervisor that we spawned has given up, if that is what it did."""
        if lock is not None and self._layout.failure.exists():
            os.close(lock)
            raise DatabaseError(self._layout.failure.read_text(encoding="utf-8"))

    async def _is_ready(self) -> bool:
        self._published = Published.read(self._layout.published)
        if self._published is None:
            return False
        try:
            await self._ensure_database()
        except _NOT_YET:
            return False
        except asyncpg.PostgresError as error:
            raise DatabaseError(f"The embedded PostgreSQL refuses to serve: {error}") from error
        if self._published.notice:
            _log.warning(self._published.notice)
        return True

    async def _ensure_database(self) -> None:
        """Make the database unless it is there or another process is faster."""
        connection = await asyncpg.connect(self._dsn("postgres"), timeout=10)
        try:
            query = "SELECT 1 FROM pg_database WHERE datname = $1"
            if await connection.fetchval(query, self._database) is None:
                with suppress(asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
                    await connection.execute(f"CREATE DATABASE {quote(self._database)}")
        finally:
            await connection.close()

    def _dsn(self, database: str) -> str:
        if self._published is None:
            raise DatabaseError("The embedded server was not started.")
        host = urllib.parse.quote(self._published.socket_directory)
        return f"postgresql://{SUPERUSER}@/{urllib.parse.quote(database)}?host={host}"

    def _spawn(self, lock: int) -> None:
        """Start a supervisor that inherits ``lock`` and is nobody's child; close ours."""
        try:
            self._layout.published.unlink(missing_ok=True)
            self._layout.failure.unlink(missing_ok=True)
            order = Order(
                root=str(self._layout.root),
                binaries=str(find_binaries(self._binaries)),
                settings=self._settings,
            )
            with self._layout.log.open("ab") as log:
                locks.give_to_owner(log.fileno(), self._layout.log)
                subprocess.run(  # noqa: S603
                    [sys.executable, "-I", "-S", str(BOOTSTRAP), "supervisor", order.to_json()],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd="/",
                    pass_fds=[lock],
                    start_new_session=True,
                    check=True,
                )
        except subprocess.CalledProcessError as error:
            said = tail(self._layout.log)
            raise DatabaseError(f"The supervisor did not start; the log says:\n{said}") from error
        finally:
            os.close(lock)

    async def _keep_supervised(self) -> None:
        """Spawn another supervisor whenever there is none, for as long as we are a user."""
        while self._layout.root.exists():
            pause = _WATCH
            try:
                lock = locks.try_lock(self._layout.supervisor_lock, fcntl.LOCK_EX)
                if lock is not None:
                    pause = self._lament()
                    await asyncio.to_thread(self._spawn, lock)
            except (OSError, HogsendError) as error:
                _log.error("The database server cannot be supervised.", reason=str(error))
                pause = _WATCH_FAILURES
            await asyncio.sleep(pause)
        _log.error("The directory of the database is gone.", directory=str(self._layout.root))

    def _lament(self) -> float:
        """Say why there is no supervisor, and how long to give the next one."""
        if not self._layout.failure.exists():
            _log.warning("The database server lost its supervisor; starting another one.")
            return _WATCH
        reason = self._layout.failure.read_text(encoding="utf-8")
        _log.error("The database server cannot be started; trying again.", reason=reason)
        return _WATCH_FAILURES

    async def _pause(self, deadline: float, complaint: str) -> None:
        if time.monotonic() > deadline:
            said = tail(self._layout.log)
            raise DatabaseError(f"{complaint}. {self._layout.log} ends with:\n{said}")
        await asyncio.sleep(_POLL)


def _unusable(directory: Path, error: OSError) -> str:
    return (
        f"The directory {directory} cannot be used for the embedded database: {error}. Set "
        "HOGSEND_HOME to a directory of yours, or DATABASE_URL to a server."
    )
