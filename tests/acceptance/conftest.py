"""The command line as users run it: a process of its own, in a directory of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

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

    home: Path
    dsn: str
    settings: tuple[tuple[str, str], ...] = ()

    def having(self, **settings):
        """The same with these settings in the environment."""
        return replace(self, settings=(*self.settings, *settings.items()))

    @property
    def environment(self):
        """Ours, without settings of its own."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("HOGSEND", "PORT"))}
        return {**inherited, "DATABASE_URL": self.dsn, **dict(self.settings)}

    def start(self, *arguments, **options):
        """A running process."""
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *arguments) -> Ran:
        """A finished one; a trace on stderr is a failure."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        return Ran(code=process.returncode, out=out, err=err)


@pytest.fixture
def hogsend(tmp_path, database):
    """``hogsend`` where the example's app is."""
    shutil.copy(EXAMPLE / "app.py", tmp_path)
    shutil.copytree(EXAMPLE / "emails", tmp_path / "emails")
    return CommandLine(home=tmp_path, dsn=database)
