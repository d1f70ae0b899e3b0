"""As whom PostgreSQL runs, since it refuses to run as root.

- An ordinary user runs it as they are; one whom ``/etc/passwd`` does not know (initdb
  insists on a name) in a user namespace that lends them one.
- Root runs an existing data directory of an ordinary user as that user.
- Root otherwise runs it in a user namespace: to the rest of the system the server is still
  root, so that it may work below directories that only root may enter; to itself it is
  ``nobody``, so that it agrees to run.
- Where root may not make namespaces (most containers), it becomes ``nobody`` indeed, with
  its data in a directory of its own that ``nobody`` can reach.
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Self, assert_never

_CLONE_NEWUSER: Final = 0x1000_0000


class Way(StrEnum):
    """How a process becomes the account."""

    AS_IS = "as-is"
    NAMESPACE = "namespace"
    SWITCH = "switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Whom the server's processes are to be."""

    way: Way
    uid: int
    gid: int

    def to_json(self) -> str:
        """One command-line argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The inverse of ``to_json``."""
        fields = json.loads(text)
        return cls(way=Way(fields["way"]), uid=fields["uid"], gid=fields["gid"])

    @property
    def owner(self) -> int:
        """The uid by which the rest of the system knows the server's files."""
        return self.uid if self.way is Way.SWITCH else os.geteuid()

    def assume(self) -> None:
        """Turn the present process into this account, for good."""
        match self.way:
            case Way.AS_IS:
                pass
            case Way.NAMESPACE:
                _enter_namespace(self.uid, self.gid)
            case Way.SWITCH:
                os.setgroups([])
                os.setgid(self.gid)
                os.setuid(self.uid)
            case _:
                assert_never(self.way)


def candidates(place: Path) -> list[Account]:
    """The accounts that could run the server on the data in ``place``, best first."""
    me = os.geteuid()
    if me:
        as_is = Account(way=Way.AS_IS, uid=me, gid=os.getegid())
        return [as_is] if _has_name(me) else [_namespace(), as_is]
    data = place / "data"
    owner = (data if data.exists() else place).stat()
    if owner.st_uid:
        return [Account(way=Way.SWITCH, uid=owner.st_uid, gid=owner.st_gid)]
    return [_namespace()] if data.exists() else [_namespace(), nobody()]


def nobody() -> Account:
    """The account of that name, or another one with a name if there is none."""
    entry = _somebody()
    return Account(way=Way.SWITCH, uid=entry.pw_uid, gid=entry.pw_gid)


def _namespace() -> Account:
    entry = _somebody()
    return Account(way=Way.NAMESPACE, uid=entry.pw_uid, gid=entry.pw_gid)


def _somebody() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        return next(entry for entry in pwd.getpwall() if entry.pw_uid)


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def _enter_namespace(uid: int, gid: int) -> None:
    """Be ``uid`` and ``gid`` in a new user namespace, unchanged for everyone outside."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "user namespaces are not permitted here")
    own = Path("/proc/self")
    (own / "setgroups").write_text("deny", encoding="ascii")
    (own / "uid_map").write_text(f"{uid} {outer_uid} 1", encoding="ascii")
    (own / "gid_map").write_text(f"{gid} {outer_gid} 1", encoding="ascii")
