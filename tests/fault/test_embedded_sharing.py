"""Processes share one embedded server; it stops with the last, however each one ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.fault.embedded_server import Sight, User, embedded, rows, until

from hogsend.db.embedded import EmbeddedPostgres, ensure_database
from hogsend.db.pool import connect
from hogsend.errors import ConfigurationError, DatabaseError
from hogsend.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


async def test_processes_starting_at_once_share_one_server(tmp_path: Path) -> None:
    """Of processes that start at once one makes the server, and all use it."""
    sight = Sight(tmp_path)
    users = await asyncio.gather(*(User.start(tmp_path) for _ in range(3)))
    assert len({user.dsn for user in users}) == 1
    for number, user in enumerate(users):
        await user.insert(number)
    postmaster = sight.postmaster
    await users[0].leave()
    await users[1].kill()
    await users[2].insert(3)
    assert await rows(tmp_path) == {0, 1, 2, 3}
    assert sight.postmaster == postmaster
    await users[2].leave()
    assert await sight.all_gone()


async def test_the_last_user_may_be_killed(home: Path) -> None:
    """Kill -9 of the last user stops the server as its leaving would."""
    sight = Sight(home)
    user = await User.start(home)
    await user.insert(1)
    await user.kill()
    assert await sight.all_gone()
    assert await rows(home) == {1}


async def test_a_user_may_come_while_the_server_is_stopping(home: Path) -> None:
    """One user leaves just as the next one comes, again and again."""
    for _ in range(3):
        async with embedded(home) as server:
            connection = await connect(server.dsn)
            assert await connection.fetchval("SELECT 1") == 1
            await connection.close()
    assert await Sight(home).all_gone()


async def test_instances_in_one_process_are_users_of_their_own(home: Path) -> None:
    """The first of two instances may stop; the second one goes on."""
    first, second = embedded(home), embedded(home, database="other")
    await asyncio.gather(first.start(), second.start())
    await first.stop()
    await first.stop()
    connection = await connect(second.dsn)
    assert await connection.fetchval("SELECT current_database()") == "other"
    await connection.close()
    await second.stop()
    assert await Sight(home).all_gone()


async def test_its_settings_keep_what_is_committed(home: Path) -> None:
    """Nothing that is acknowledged may be lost, and nobody comes in by the network."""
    async with embedded(home) as server:
        connection = await connect(server.dsn)
        shown = {
            name: await connection.fetchval("SELECT current_setting($1)", name)
            for name in ("fsync", "synchronous_commit", "full_page_writes", "listen_addresses")
        }
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        await connection.close()
    assert not Sight(home).everything(), "the last one to stop waits for the server's end"
    assert shown == {
        "fsync": "on",
        "synchronous_commit": "on",
        "full_page_writes": "on",
        "listen_addresses": "",
    }


async def test_a_database_that_is_given_is_used(
    tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``DATABASE_URL`` set nothing is started and nothing made."""
    home = tmp_path / "home"
    monkeypatch.setenv("DATABASE_URL", server)
    monkeypatch.setenv("HOGSEND_HOME", str(home))
    async with ensure_database(Settings()) as database:
        assert (database.dsn, database.embedded) == (server, None)
    assert not home.exists()


async def test_without_one_it_is_embedded(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ``DATABASE_URL`` the server under ``HOGSEND_HOME`` is started and left again."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("HOGSEND_HOME", str(home))
    async with ensure_database(Settings()) as database:
        assert database.embedded is not None
        connection = await connect(database.dsn)
        assert await connection.fetchval("SELECT current_database()") == "hogsend"
        await connection.close()
    assert await Sight(home).all_gone()


async def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    """The error holds what the server said last, and nothing is left running."""
    server = embedded(home, settings={"shared_buffers": "nonsense"})
    with pytest.raises(DatabaseError, match=r'invalid value for parameter "shared_buffers"'):
        await server.start()
    assert await Sight(home).all_gone()
    async with embedded(home):
        pass  # good settings need no hand


async def test_a_home_that_cannot_be_used_is_explained(tmp_path: Path) -> None:
    """The message names the directory and both ways out."""
    home = tmp_path / "file"
    home.touch()
    with pytest.raises(DatabaseError, match=r"(?s)file/postgres.*HOGSEND_HOME.*DATABASE_URL"):
        await embedded(home).start()


async def test_wrong_programs_are_explained(tmp_path: Path) -> None:
    """``HOGSEND_PG_BIN`` without the programs is an error of configuration."""
    with pytest.raises(ConfigurationError, match="HOGSEND_PG_BIN"):
        await EmbeddedPostgres(tmp_path, binaries=tmp_path).start()


async def test_damage_is_reported_not_hidden(home: Path) -> None:
    """A data directory without its control file is an error, not a new empty database."""
    sight = Sight(home)
    async with embedded(home):
        pass
    assert await sight.all_gone()
    (sight.data / "global" / "pg_control").unlink()
    with pytest.raises(DatabaseError, match="pg_control"):
        await embedded(home).start()


async def test_another_major_version_is_refused(home: Path) -> None:
    """The message names the version found, ours, and the way out; the data stays."""
    sight = Sight(home)
    async with embedded(home):
        pass
    assert await sight.all_gone()
    version = sight.data / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(DatabaseError, match=r"(?s)PostgreSQL 14.*PostgreSQL 1[5-9].*pg_dump"):
        await embedded(home).start()
    assert await sight.all_gone()
    assert version.read_text() == "14\n"


async def test_a_socket_deleted_under_the_server_comes_back(home: Path) -> None:
    """As after a cleaner of temporary files: whoever comes next can connect."""
    user = await User.start(home)
    await user.insert(1)
    (Sight(home).sockets / ".s.PGSQL.5432").unlink()
    assert await rows(home) == {1}
    await user.leave()
    assert await Sight(home).all_gone()


async def test_a_directory_deleted_under_the_server_does_no_harm(tmp_path: Path) -> None:
    """After ``rm -rf`` a new start makes a new database, and both servers end."""
    home = tmp_path / "home"
    sight = Sight(home)
    async with embedded(home):
        remains = sight.everything()
        home.rename(tmp_path / "gone")
        for path in sorted((tmp_path / "gone").rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        user = await User.start(home)
        await user.insert(1)
        await until(lambda: not remains & sight.everything())
        await user.insert(2)
        await user.leave()
    assert await sight.all_gone()
