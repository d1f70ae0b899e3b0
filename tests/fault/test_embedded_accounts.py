"""The embedded server runs for whoever starts it, wherever that is."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from tests.fault.embedded_server import CHOSEN, SOURCE, Sight, User, embedded, rows

from hogsend.db.embedded.binaries import find_binaries
from hogsend.db.pool import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

NOBODY = 65534
NAMELESS = 54321
_LIBRARIES = sysconfig.get_path("purelib")
_CLONE_NEWUSER = 0x1000_0000
_ENV = {"PYTHONPATH": f"{SOURCE}{os.pathsep}{_LIBRARIES}", "PYTHONDONTWRITEBYTECODE": "1"}
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")


@pytest.mark.parametrize(
    "name",
    ["with spaces", "100% \"quoted\", 'twice', ünïcode ✓", "l" * 200],
    ids=["spaces", "odd", "long"],
)
async def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    """Below parents closed to all others, longer than a socket's path may be; for any client."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = closed / name / "home"
    sight = Sight(home)
    async with embedded(home) as server:
        connection = await connect(server.dsn)
        directory = await connection.fetchval("SHOW data_directory")
        await connection.close()
        assert await _ask_by_sqlalchemy(server.dsn) == 1
        assert Path(directory) == home / "postgres" / "data"
        sockets = sight.sockets
        assert _is_private(sockets)
    assert await sight.all_gone()
    assert sockets == sight.layout.root or not _exists(sockets)


async def _ask_by_sqlalchemy(dsn: str) -> int:
    engine = create_async_engine(sa.make_url(dsn).set(drivername="postgresql+asyncpg"))
    async with engine.connect() as connection:
        answer = await connection.scalar(sa.text("SELECT 1"))
    await engine.dispose()
    return answer


def _is_private(directory: Path) -> bool:
    return not directory.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _exists(directory: Path) -> bool:
    return directory.exists()


@pytest.fixture
def open_path() -> Iterator[Path]:
    """A directory that other users can reach, unlike ``tmp_path``."""
    path = Path(tempfile.mkdtemp(prefix="hogsend-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@root_only
@pytest.mark.parametrize("uid", [NOBODY, NAMELESS], ids=["nobody", "without a name"])
async def test_other_users(open_path: Path, uid: int) -> None:
    """An ordinary user needs nothing from root, not even an entry in /etc/passwd."""
    home = open_path / "home"
    home.mkdir()
    os.chown(home, uid, uid)
    python = _python_for(uid)
    if uid == NAMELESS and not _may_make_namespaces(uid):
        pytest.skip("ordinary users may not make user namespaces here")
    user = await User.start(home, python=python, user=uid, group=uid, extra_groups=[], env=_ENV)
    await user.insert(1)
    assert Sight(home).uid == uid
    await user.leave()
    assert await Sight(home).all_gone()


@root_only
async def test_root_and_a_user_in_turns(open_path: Path) -> None:
    """Root uses a user's server or runs it in their stead, and leaves nothing in their way."""
    home = open_path / "home"
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    python = _python_for(NOBODY)
    them = {"python": python, "user": NOBODY, "group": NOBODY, "extra_groups": [], "env": _ENV}
    user = await User.start(home, **them)
    await user.insert(1)
    assert await rows(home) == {1}  # as root, on their server
    await user.leave()
    assert await Sight(home).all_gone()
    user = await User.start(home)
    assert Sight(home).uid == NOBODY
    guest = await User.start(home, **them)  # on the server that root runs
    await guest.insert(2)
    await guest.leave()
    await user.leave()
    assert await Sight(home).all_gone()
    user = await User.start(home, **them)
    await user.insert(3)
    await user.leave()
    assert await rows(home) == {1, 2, 3}
    assert await Sight(home).all_gone()


@root_only
async def test_root_where_namespaces_are_not_permitted(tmp_path: Path) -> None:
    """PostgreSQL runs as nobody, its data and programs where nobody can reach them."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    env = {} if CHOSEN else {"HOGSEND_PG_BIN": str(_copy_of_programs(closed))}
    home = closed / "home"
    sight = Sight(home)
    wrapper = [str(Path(__file__).with_name("without_namespaces.py"))]
    try:
        for turn in range(2):
            user = await User.start(home, wrapper=wrapper, env=env)
            await user.insert(turn)
            assert sight.uid == NOBODY
            assert sight.layout.place() != sight.layout.root
            await user.leave()
            assert await sight.all_gone()
            assert "user namespaces are not permitted" in await user.complaint()
        assert await rows(home) == {0, 1}  # also where namespaces work again
        assert await sight.all_gone()
    finally:
        _remove_elsewhere(sight)


def _copy_of_programs(closed: Path) -> Path:
    installed = find_binaries().parent
    package = installed.parent
    libraries = f"{package.name}.libs"
    shutil.copytree(installed, closed / package.name / installed.name, symlinks=True)
    shutil.copytree(package.with_name(libraries), closed / libraries)
    return closed / package.name / installed.name / "bin"


def _remove_elsewhere(sight: Sight) -> None:
    place = sight.layout.place()
    if place != sight.layout.root:
        shutil.rmtree(place)
        for programs in place.parent.glob("programs-*"):
            shutil.rmtree(programs)
        with contextlib.suppress(OSError):
            place.parent.rmdir()


def _python_for(uid: int) -> str:
    """An interpreter that ``uid`` can run this checkout with."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        trial = [python, "-c", "import hogsend.db.embedded"]
        with contextlib.suppress(OSError):
            how = {"user": uid, "group": uid, "extra_groups": [], "cwd": "/"}
            if (
                subprocess.run(trial, check=False, env=_ENV, capture_output=True, **how).returncode
                == 0
            ):
                return python
    pytest.skip(f"uid {uid} has no Python {version} and checkout that it may read")


def _may_make_namespaces(uid: int) -> bool:
    code = f"import ctypes, sys; sys.exit(ctypes.CDLL(None).unshare({_CLONE_NEWUSER}))"
    how = {"user": uid, "group": uid, "extra_groups": []}
    return subprocess.run([_python_for(uid), "-c", code], check=False, **how).returncode == 0
