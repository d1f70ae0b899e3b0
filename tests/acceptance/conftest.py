"""The command line as users run it: a process of its own, in a directory of its own."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.warm import Warm

PROGRAM = Path(sys.executable).with_name("hogsend")
EXAMPLE = Path(__file__).parents[2] / "examples" / "cdnow"


@dataclass(frozen=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """Runs ``hogsend`` in ``home`` on a database."""

    warm: Warm
    home: Path
    dsn: str
    settings: tuple[tuple[str, str], ...] = ()

    def having(self, **settings):
        """The same with these settings in the environment."""
        return replace(self, settings=(*self.settings, *settings.items()))

    def on(self, dsn):
        """The same on another database."""
        return replace(self, dsn=dsn)

    @property
    def environment(self):
        """Ours, without settings of its own."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HOGSEND", "PORT"))}
        return {**inherited, "DATABASE_URL": self.dsn, **dict(self.settings)}

    def start(self, *arguments):
        """A running process."""
        return self.warm.start(map(str, arguments), cwd=self.home, env=self.environment)

    def run(self, *arguments) -> Ran:
        """A finished one; a trace on stderr is a failure."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        return Ran(code=process.returncode, out=out, err=err)


@pytest.fixture
def hogsend(warm, tmp_path, database):
    """``hogsend`` where the example's app is."""
    shutil.copy(EXAMPLE / "app.py", tmp_path)
    shutil.copytree(EXAMPLE / "emails", tmp_path / "emails")
    return CommandLine(warm=warm, home=tmp_path, dsn=database)
