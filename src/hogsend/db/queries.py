"""Hand-written SQL, one statement a file."""

from __future__ import annotations

from importlib.resources import files
from types import SimpleNamespace


class Queries(SimpleNamespace):
    """The statements of one package by file name, e.g. ``SQL.insert_events``."""

    def __getattr__(self, name: str) -> str:
        """Type checkers see every statement as text; an unknown one is a plain error."""
        raise AttributeError(f"there is no queries/{name}.sql")


def load_queries(package: str) -> Queries:
    """Read ``queries/*.sql`` of ``package``."""
    folder = files(package) / "queries"
    return Queries(
        **{
            entry.name.removesuffix(".sql"): entry.read_text(encoding="utf-8")
            for entry in folder.iterdir()
            if entry.name.endswith(".sql")
        }
    )
