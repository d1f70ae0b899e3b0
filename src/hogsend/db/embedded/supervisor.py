"""The small process that starts the server, keeps it up, and stops it after its last user.

States, and what leads from one to the next::

    clearing --> preparing --> starting --> serving --> stopping --> (end)
       ^                          |            |
       |                          |            | the server died
       +--------------------------+------------+
                                  |
                                failed --> (end)

- *clearing*: wait for ``server.lock``, which every process of an earlier server has
  inherited; hasten those that linger. Holding it proves that none is left.
- *preparing*: choose account and programs, initdb if there is no data directory, remove
  stale pid and socket files.
- *starting*: the postmaster runs (with ``server.lock``) and does not yet let anyone in.
- *serving*: it does, and ``server.json`` says where.
- *failed*: it never came up, for a reason of its own; ``failure.txt`` says why.
- *stopping*: ``users.lock`` could be taken exclusively, so there is no user left, and none
  can come until it is released at the end.

What is authoritative: the three locks, nothing else. What happens on failure: if a user
dies, the kernel drops its share of ``users.lock``. If the server dies, it is started again.
If this process dies, the kernel has the server shut down (elsewhere than on Linux the next
supervisor does it), and the users, who watch ``supervisor.lock``, spawn another; if there
are none, then the server has stopped, as it should.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Final

from hogsend.db.embedded import locks
from hogsend.db.embedded.clearing import clear
from hogsend.db.embedded.cluster import StartError
from hogsend.db.embedded.layout import Layout, Order, Published, write_at_once
from hogsend.db.embedded.log import note, trim
from hogsend.db.embedded.postmaster import Postmaster
from hogsend.db.embedded.provision import provide
from hogsend.db.embedded.sockets import remove_sockets, socket_directory
from hogsend.errors import HogsendError

_ATTEMPTS: Final = 5  # to come up for the first time, if something kills it meanwhile
_PAUSE: Final = 5.0  # seconds between attempts to come up again, at most
_HOUSEKEEPING: Final = 2.0  # seconds


class Supervisor:
    """Runs the server for as long as it has users.

    Args:
        order: What to run.
    """

    def __init__(self, order: Order) -> None:
        self._order = order
        self._layout = Layout(Path(order.root))
        self._users = locks.open_lock(self._layout.users_lock)
        self._stopping = threading.Event()
        self._mutex = threading.Lock()
        self._postmaster: Postmaster | None = None
        self._has_served = False

    def run(self) -> None:
        """Return when the last user has gone and the server has stopped.

        Raises:
            HogsendError: The server cannot be brought up.
        """
        for duty in (self._await_last_user, self._keep_house):
            threading.Thread(target=duty, daemon=True).start()
        failures = 0
        while not self._stopping.is_set():
            try:
                self._serve()
                failures = 0
            except StartError as error:
                failures += 1
                self._consider(error, failures)
            finally:
                self._withdraw()

    def stop(self) -> None:
        """Have the server shut down, and ``run`` return after it."""
        with self._mutex:
            self._stopping.set()
            postmaster = self._postmaster
        if postmaster is not None:
            postmaster.stop()

    def _serve(self) -> None:
        """Bring the server up and wait until it ends, whoever ends it.

        Raises:
            StartError: It ended before it let anyone in.
        """
        lock = clear(self._layout.server_lock, self._layout.place())
        try:
            provision = provide(self._layout, Path(self._order.binaries))
            cluster = provision.cluster
            cluster.initialise(lock)
            cluster.require_major(provision.major)
            cluster.remove_stale_pid()
            sockets = socket_directory(cluster.place, cluster.account.owner)
            remove_sockets(sockets)
            command = cluster.command(sockets, self._order.settings)
            postmaster = self._start(Postmaster(command, sockets, self._layout.log), lock)
        finally:
            os.close(lock)
        if postmaster is not None:
            self._publish(postmaster, provision.notice)
            self._await_end(postmaster)

    def _start(self, postmaster: Postmaster, lock: int) -> Postmaster | None:
        with self._mutex:
            if self._stopping.is_set():
                return None
            postmaster.start(lock)
            self._postmaster = postmaster
            return postmaster

    def _publish(self, postmaster: Postmaster, notice: str) -> None:
        """Tell the users where the server is once it lets them in."""
        try:
            pid = postmaster.await_readiness()
        except StartError:
            if self._stopping.is_set():
                return
            raise
        where = Published(socket_directory=str(postmaster.sockets), postmaster=pid, notice=notice)
        where.write(self._layout.published)
        self._has_served = True

    def _withdraw(self) -> None:
        """Unpublish, unless the directory is another by now, with a supervisor of its own."""
        if self._is_home():
            self._layout.published.unlink(missing_ok=True)

    def _is_home(self) -> bool:
        return locks.is_current(self._users, self._layout.users_lock)

    def _await_end(self, postmaster: Postmaster) -> None:
        code = postmaster.await_end()
        if postmaster.sockets != self._layout.place() and self._stopping.is_set():
            with suppress(OSError):
                postmaster.sockets.rmdir()
        if not self._stopping.is_set():
            note(f"the server ended by itself (code {code}); starting it again")

    def _consider(self, error: StartError, failures: int) -> None:
        """Give up, or try again: at once if it was killed, less often if it once served.

        A server that has served has users who are waiting for it to come back, say from a
        full disk; one that never did has somebody who wants to read why.
        """
        if self._has_served:
            note(f"{error}\nTrying again.")
            self._stopping.wait(min(failures - 1, _PAUSE))
        elif not error.killed or failures == _ATTEMPTS:
            raise error
        else:
            note("killed while starting; trying again")

    def _await_last_user(self) -> None:
        fcntl.flock(self._users, fcntl.LOCK_EX)
        self.stop()

    def _keep_house(self) -> None:
        """Bound the log; act if the directory or the socket was deleted under the server.

        A server whose directory is gone is killed: on its way out it would remove, by their
        names, the socket files of the one that may have taken its place.
        """
        while not self._stopping.wait(_HOUSEKEEPING):
            postmaster = self._postmaster
            if not self._is_home():
                self._stopping.set()
                if postmaster is not None:
                    postmaster.kill()
                return
            trim(self._layout.log)
            if postmaster is not None and postmaster.is_deaf():
                note("the socket is gone; starting the server again")
                postmaster.stop()


def main(arguments: list[str]) -> None:
    """Leave the spawning process behind, then supervise: the order as JSON."""
    order = Order.from_json(arguments[0])
    if os.fork():
        os._exit(0)
    os.umask(0o077)
    supervisor = Supervisor(order)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=supervisor.stop, daemon=True).start()
    )
    try:
        supervisor.run()
    except Exception as error:  # noqa: BLE001 - whatever it is, the users have to be told
        message = str(error) if isinstance(error, HogsendError) else traceback.format_exc()
        write_at_once(Layout(Path(order.root)).failure, message)
        note(message)
        sys.exit(1)
