"""What `hogsend demo` needs, and how it says so."""

from __future__ import annotations

from pathlib import Path

from hogsend.cli import demo, entry


def test_without_the_example_it_asks_for_a_file_and_an_app(monkeypatch, tmp_path, capsys):
    """The example is not part of the installed package."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(demo, "_EXAMPLE", Path("nowhere"))
    assert entry.run(["demo"]) == 1
    assert "hogsend demo events.csv --app app.py" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_named(monkeypatch, tmp_path, capsys):
    """Before anything is started."""
    monkeypatch.chdir(tmp_path)
    assert entry.run(["demo", "mine.csv"]) == 1
    assert capsys.readouterr().err == "Error: The file mine.csv does not exist.\n"


def test_a_file_without_an_event_column_is_told_about_the_option(monkeypatch, tmp_path, capsys):
    """--event names them all."""
    (tmp_path / "mine.csv").write_text("customer_id,date,total\nada,2026-01-01,5\n")
    monkeypatch.chdir(tmp_path)
    assert entry.run(["demo", "mine.csv"]) == 1
    assert "--event NAME" in capsys.readouterr().err
