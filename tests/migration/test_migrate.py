"""The schema is the sum of its migrations, whoever runs them and however often."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from hogsend.db.migrate import (
    MIGRATIONS,
    VERSION_TABLE,
    Track,
    app_track,
    migrate,
    packaged_revisions,
    pending,
)
from hogsend.db.pool import connect
from hogsend.errors import DatabaseError

if TYPE_CHECKING:
    from pathlib import Path

    import asyncpg


async def test_a_second_run_finds_nothing_to_do(empty_database: str) -> None:
    """Migrating applies everything once; a second run is a no-op."""
    everything = list(packaged_revisions())
    assert await pending(empty_database) == everything
    assert await migrate(empty_database) == everything
    assert await pending(empty_database) == []
    assert await migrate(empty_database) == []


async def test_of_processes_starting_at_once_one_migrates(empty_database: str) -> None:
    """Concurrent runs all succeed, and each revision is applied exactly once."""
    runs = await asyncio.gather(*(migrate(empty_database) for _ in range(4)))
    assert sorted(map(len, runs)) == [0, 0, 0, len(packaged_revisions())]


async def test_a_newer_schema_is_refused(empty_database: str) -> None:
    """Code that does not know the schema's revision says so and touches nothing."""
    await migrate(empty_database)
    connection = await connect(empty_database)
    await connection.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    with pytest.raises(DatabaseError, match=r"revision 9999.*Upgrade the hogsend package"):
        await migrate(empty_database)
    assert await connection.fetchval(f"SELECT version_num FROM {VERSION_TABLE}") == "9999"
    await connection.close()


async def test_an_old_server_is_refused(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL before 15 lacks what the schema uses."""
    monkeypatch.setattr("hogsend.db.migrate._OLDEST_SERVER", 1000)
    with pytest.raises(DatabaseError, match=r"This server is PostgreSQL 1\d; .* needs 1000"):
        await migrate(empty_database)


async def test_a_scratch_schema_is_migrated_apart(empty_database: str) -> None:
    """With ``schema``, every table lands there and nothing in ``public``."""
    assert await migrate(empty_database, schema='sc"ratch') == list(packaged_revisions())
    assert await migrate(empty_database, schema='sc"ratch') == []
    connection = await connect(empty_database)
    assert await _schemas_with_tables(connection) == {'sc"ratch'}
    await connection.close()


async def test_a_failed_migration_leaves_no_trace(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Revisions run in one transaction: all or nothing."""

    def fail(*_: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr("hogsend.db.migrations.execute_script", fail)
    with pytest.raises(RuntimeError, match="on fire"):
        await migrate(empty_database)
    monkeypatch.undo()
    assert await migrate(empty_database) == list(packaged_revisions())


def test_file_names_tell_the_revisions() -> None:
    """``packaged_revisions``, read from file names, is what Alembic would walk."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    walked = ScriptDirectory.from_config(config).walk_revisions()
    assert packaged_revisions() == tuple(script.revision for script in walked)[::-1]


async def _schemas_with_tables(connection: asyncpg.Connection) -> set[str]:
    rows = await connection.fetch(
        "SELECT DISTINCT schemaname FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    return {row["schemaname"] for row in rows}


@pytest.fixture
def own(tmp_path: Path) -> Track:
    """An app's track with two migrations."""
    directory = tmp_path / "migrations"
    directory.mkdir()
    (directory / "0001_teams.py").write_text(REVISION.format(own="0001", before=None, sql=TEAMS))
    (directory / "0002_seats.py").write_text(REVISION.format(own="0002", before="0001", sql=SEATS))
    return app_track(directory)


REVISION = """
from alembic import op

revision = {own!r}
down_revision = {before!r}


def upgrade():
    op.execute({sql!r})
"""
TEAMS = "CREATE TABLE teams (name text)"
SEATS = "ALTER TABLE teams ADD COLUMN seats int"


async def test_an_app_has_a_track_of_its_own(empty_database: str, own: Track) -> None:
    """Beside the engine's, which has the same numbers; each is applied once."""
    await migrate(empty_database)
    assert await migrate(empty_database, own) == ["0001", "0002"]
    assert await migrate(empty_database, own) == []
    assert await pending(empty_database) == []
    connection = await connect(empty_database)
    await connection.execute("INSERT INTO teams (name, seats) VALUES ('a', 2)")
    await connection.execute("UPDATE app_alembic_version SET version_num = '0009'")
    await connection.close()
    with pytest.raises(DatabaseError, match=r"0009, which this version of the app does not know"):
        await migrate(empty_database, own)


async def test_a_wrong_migration_of_an_app_changes_nothing(empty_database: str, own: Track) -> None:
    """SQL that fails, and file names that tell another story than the revisions in them."""
    wrong = own.directory / "0003_wrong.py"
    wrong.write_text(REVISION.format(own="0003", before="0002", sql="CREATE TABLE teams ()"))
    own = app_track(own.directory / ".." / "migrations")  # read anew
    with pytest.raises(DatabaseError, match=r'of the app failed.*"teams" already exists'):
        await migrate(empty_database, own)
    assert await pending(empty_database, own) == ["0001", "0002", "0003"]
    wrong.write_text(REVISION.format(own="3", before="0002", sql="SELECT 1"))
    with pytest.raises(DatabaseError, match="but follow each other as 0001, 0002, 3: begin each"):
        await migrate(empty_database, own)
