"""Kill -9 of any process at any time needs no hand to repair and loses no committed row."""

from __future__ import annotations

import asyncio
import os
import random
from typing import TYPE_CHECKING

import pytest
from tests.fault.embedded_server import Sight, User, embedded, kill, rows, until

from hogsend.db.pool import connect

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("victim", ["supervisor", "postmaster", "backend", "all of the server"])
async def test_users_go_on_after_a_kill(home: Path, victim: str) -> None:
    """Whatever is killed around a living user comes back at the same address."""
    sight = Sight(home)
    user = await User.start(home)
    await user.insert(*range(10))
    before = sight.everything()
    kill(_pids(sight, victim))
    await user.insert(*range(10, 20))
    assert sight.everything() != before
    assert await rows(home) == set(range(20))
    await user.leave()
    assert await sight.all_gone()


def _pids(sight: Sight, victim: str) -> set[int]:
    match victim:
        case "supervisor":
            return {sight.supervisor}
        case "postmaster":
            return {sight.postmaster}
        case "backend":
            return {max(sight.processes() - {sight.postmaster})}
        case _:
            return sight.everything()


@pytest.mark.parametrize("first", ["users", "server"])
async def test_a_start_after_everything_was_killed(home: Path, first: str) -> None:
    """Kill all, in any order, and start again: what was acknowledged is there."""
    sight = Sight(home)
    users = [await User.start(home), await User.start(home)]
    await users[0].insert(*range(5))
    await users[1].insert(*range(5, 10))
    groups = {
        "users": {user.pid for user in users},
        "supervisor": {sight.supervisor},
        "postmaster": {sight.postmaster},
        "server": sight.processes(),
    }
    kill(groups.pop(first))
    kill(pid for pids in groups.values() for pid in pids)
    for user in users:
        await user.ended()
    assert await rows(home) == set(range(10))
    assert await sight.all_gone()


async def test_a_supervisor_that_dies_last_leaves_no_server(home: Path) -> None:
    """With users and supervisor killed there is nobody to stop the server; yet it stops."""
    sight = Sight(home)
    user = await User.start(home)
    await user.insert(1)
    kill({user.pid, sight.supervisor})
    await user.ended()
    await until(lambda: not sight.everything())
    assert await rows(home) == {1}


async def test_a_start_while_the_orphaned_server_is_stopping(home: Path) -> None:
    """A new user is not given to a server that is on its way out."""
    sight = Sight(home)
    user = await User.start(home)
    await user.insert(1)
    orphan = sight.postmaster
    kill({user.pid, sight.supervisor})
    async with embedded(home) as server:
        connection = await connect(server.dsn)
        assert sight.postmaster != orphan
        assert await connection.fetchval("SELECT number FROM kept") == 1
        await connection.close()
    await user.ended()
    assert await sight.all_gone()


@pytest.mark.parametrize("whom", ["initdb", "all"])
async def test_initdb_may_be_killed_midway(tmp_path: Path, whom: str) -> None:
    """A half-made directory is never taken for a database, and the next start makes one."""
    sight = Sight(tmp_path)
    user = await User.spawn(tmp_path)
    draft = sight.layout.root / "data.new"
    await until(lambda: (draft / "base").exists() or sight.data.exists())
    assert not sight.data.exists()
    kill({user.pid, *sight.everything()} if whom == "all" else sight.processes())
    if whom == "all":
        await user.ended()
        user = await User.spawn(tmp_path)
    await user.ready()
    await user.insert(1)
    await user.leave()
    assert await sight.all_gone()
    assert not draft.exists()


async def test_a_stale_pid_file_of_a_living_process_is_no_obstacle(home: Path) -> None:
    """After a crash the numbers in pid files may be anyone's, here this test's own."""
    sight = Sight(home)
    user = await User.start(home)
    await user.insert(1)
    kill({user.pid, *sight.everything()})
    await user.ended()
    await until(lambda: not sight.everything())
    for path in (sight.data / "postmaster.pid", *sight.layout.root.glob(".s.PGSQL.*.lock")):
        said = path.read_text().split("\n", 1)[1]
        path.write_text(f"{os.getpid()}\n{said}")
    assert await rows(home) == {1}


async def test_a_pid_file_cut_short_is_no_obstacle(home: Path) -> None:
    """The server may be killed between making its pid file and writing it."""
    sight = Sight(home)
    async with embedded(home):
        pass
    assert await sight.all_gone()
    (sight.data / "postmaster.pid").touch()
    async with embedded(home):
        assert sight.postmaster in sight.processes()


async def test_a_busy_orphan_does_not_block_the_next_start(home: Path) -> None:
    """A backend that is too busy to notice its postmaster's death is ended for it."""
    sight = Sight(home)
    user = await User.start(home)
    await user.insert(1)
    busy = await asyncio.create_subprocess_exec(
        *_psql(sight), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    busy.stdin.write(b"SELECT count(*) FROM generate_series(1, 10000000000);\n")
    await busy.stdin.drain()
    connections = len(sight.processes())
    await until(lambda: len(sight.processes()) >= connections)
    kill({user.pid, sight.postmaster, sight.supervisor})
    await user.ended()
    assert await rows(home) == {1}
    assert await sight.all_gone()


def _psql(sight: Sight) -> list[str]:
    return ["psql", "-h", str(sight.layout.root), "-U", "hogsend", "hogsend"]


@pytest.mark.soak
async def test_random_kills_under_load(home: Path) -> None:
    """Three writers, and every process killed at random moments for many rounds."""
    sight = Sight(home)
    kept: set[int] = set()
    for turn in range(int(os.environ.get("HOGSEND_SOAK_ROUNDS", "150"))):
        users = [await User.spawn(home) for _ in range(3)]
        writers = [
            asyncio.create_task(_write(user, kept, (turn * 3 + index) * 100_000))
            for index, user in enumerate(users)
        ]
        for _ in range(random.randrange(1, 5)):
            await asyncio.sleep(random.expovariate(2))
            victims = [*sight.everything(), *(user.pid for user in users)]
            kill(random.sample(victims, random.randrange(1, len(victims) + 1)))
        for user in users:
            await user.kill()
        await asyncio.gather(*writers)
        assert kept <= await rows_or_none(home, kept)
    assert await sight.all_gone()


async def rows_or_none(home: Path, kept: set[int]) -> set[int]:
    """The rows, or nothing if no writer has come as far as making the table."""
    return await rows(home) if kept else set()


async def _write(user: User, kept: set[int], start: int) -> None:
    try:
        await user.ready()
        for number in range(start, start + 100_000):
            await user.insert(number)
            kept.add(number)
    except (AssertionError, ConnectionError):
        return
