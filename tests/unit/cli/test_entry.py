"""Exit codes and messages of the command line, and how little it imports."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import hogsend
from hogsend.cli import entry
from hogsend.cli.printing import without_password

PROGRAM = Path(sys.executable).with_name("hogsend")
PARSER = {"annotated_doc", "click", "shellingham", "typer"}


def test_help_names_every_command(capsys):
    """And exits with 0."""
    assert entry.run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in ("dev", "demo", "migrate", "events", "buckets", "bench"):
        assert f" {command} " in shown


def test_help_imports_little():
    """So that the command line answers at once: the standard library, its parser, commands alone.

    Importing an engine takes longer than that; what is counted is modules, for time depends on who
    else is at work.
    """
    code = (
        "import sys; own = {*sys.modules}\n"
        "from hogsend.cli.entry import run; run(['--help'])\n"
        "print(*sys.modules.keys() - own)"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    imported = ran.stdout.splitlines()[-1].split()
    others = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names
    assert others <= {"hogsend", *PARSER}
    assert "asyncio" not in imported
    engine = ("hogsend.api", "hogsend.buckets", "hogsend.criteria", "hogsend.db", "hogsend.ops")
    assert not [name for name in imported if name.startswith(engine)]
    assert len(imported) < 250


def test_the_program_is_that_command_line():
    """As it is installed."""
    ran = subprocess.run([PROGRAM, "--help"], check=True, capture_output=True, text=True)
    assert "hogsend" in ran.stdout


def test_version(capsys):
    """The installed one."""
    assert entry.run(["--version"]) == 0
    assert capsys.readouterr().out == f"hogsend {version('hogsend')}\n"


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["events", "send"], ["events", "send", "x"], ["--nonsense"]]
)
def test_a_wrong_command_line_exits_with_2(arguments, capsys):
    """And tells how to get help."""
    assert entry.run(arguments) == 2
    assert "--help" in capsys.readouterr().err


def test_an_error_of_ours_is_one_line_on_stderr(capsys, monkeypatch, tmp_path):
    """No trace; exit code 1."""
    monkeypatch.chdir(tmp_path)
    assert entry.run(["buckets", "list"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: There is no app.py in this directory")
    assert captured.err.count("\n") == 1


def test_debug_adds_the_trace(capsys, monkeypatch, tmp_path):
    """The message stays the last line."""
    monkeypatch.chdir(tmp_path)
    assert entry.run(["--debug", "buckets", "list"]) == 1
    shown = capsys.readouterr().err
    assert "Traceback (most recent call last)" in shown
    assert shown.splitlines()[-1].startswith("Error: There is no app.py")


def test_an_error_that_nobody_expected_is_no_trace_either(capsys, monkeypatch):
    """Its type is shown, and how to see more."""

    def fail(**_):
        raise KeyError("nobody knows")

    monkeypatch.setattr(entry, "hogsend", lambda **_: fail())
    assert entry.run([]) == 1
    shown = capsys.readouterr().err
    assert "KeyError: 'nobody knows'" in shown
    assert "--debug" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("text", ["{", "[1]", "5"])
def test_properties_that_are_no_json_object_are_a_usage_error(text, capsys):
    """The message names the option."""
    assert entry.run(["events", "send", "x", "--user", "u", "--properties", text]) == 2
    assert "--properties" in capsys.readouterr().err


def test_a_database_that_is_not_there_is_named(capsys, monkeypatch):
    """Connection refused is no mystery."""
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@127.0.0.1:1/d")
    assert entry.run(["migrate"]) == 1
    shown = capsys.readouterr().err
    assert "DATABASE_URL" in shown
    assert "secret" not in shown


@pytest.mark.parametrize(
    ("dsn", "shown"),
    [
        ("postgresql://u:p@h:5/d?x=y", "postgresql://u:PASSWORD@h:5/d?x=y"),
        ("postgresql://u@/d?host=/run", "postgresql://u@/d?host=/run"),
        ("postgresql://h/d", "postgresql://h/d"),
    ],
)
def test_passwords_are_not_shown(dsn, shown):
    """A URL on the screen keeps its secret."""
    assert without_password(dsn) == shown


def test_the_public_names_are_there():
    """All of them can be imported, and nothing else is offered."""
    for name in hogsend.__all__:
        assert getattr(hogsend, name) is not None
    assert set(dir(hogsend)) == set(hogsend.__all__)
    with pytest.raises(AttributeError, match="no attribute 'define_bukkit'"):
        hogsend.define_bukkit  # noqa: B018


def test_settings_come_from_dotenv(tmp_path, monkeypatch, capsys):
    """Of the working directory; what the environment has already stays."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOGSEND_HOME", "given")
    monkeypatch.setenv("LOG_LEVEL", "")
    monkeypatch.delenv("LOG_LEVEL")  # restored at the end, whatever is read
    (tmp_path / ".env").write_text("# mine\nHOGSEND_HOME=other\nLOG_LEVEL='debug'\n")
    assert entry.run(["--version"]) == 0
    assert (os.environ["HOGSEND_HOME"], os.environ["LOG_LEVEL"]) == ("given", "debug")
