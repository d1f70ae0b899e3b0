"""Writes a new app: whole, or not at all."""

from __future__ import annotations

import keyword
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Final

from hogsend.errors import ConfigurationError
from hogsend.scaffold.requirement import Requirement, find_requirement

_NAME: Final = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_TAKEN: Final = frozenset({"app", "hogsend", "tests", "wheels", "pytest", "alembic"})
_RENAMED: Final = {
    "gitignore": ".gitignore",
    "dockerignore": ".dockerignore",
    "env.example": ".env.example",
}
"""Names that tools would heed where the templates are."""


def create_app_directory(path: Path, *, bare: bool = False) -> list[Path]:
    """Write a new app.

    Args:
        path: Its directory, whose name is the app's; it must not exist, or be empty.
        bare: Only what an app needs, with one bucket.

    Returns:
        The files written, relative to ``path``.

    Raises:
        ConfigurationError: The name cannot be a package's, there is something already, or the
            place cannot be written to. Nothing is left then.
    """
    name = path.resolve().name
    package = _package_name(name)
    _require_free(path)
    requirement = find_requirement()
    contents = {
        _RENAMED.get(file, file).replace("my_app", package): text
        for home in ("files-common", "files-bare" if bare else "files-full")
        for file, text in _read(files(__package__) / home)
    }
    written = {
        Path(file): text.replace("my_app", package).replace("my-app", name)
        for file, text in contents.items()
    }
    written[Path("requirements.txt")] = f"{requirement.line}\n"
    try:
        _write(path, written, requirement)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}.") from error
    return sorted(written)


def _package_name(name: str) -> str:
    package = name.replace("-", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(package):
        raise ConfigurationError(
            f"{name!r} cannot be an app's name: use lower-case letters, digits and hyphens, "
            "beginning with a letter, e.g. my-app."
        )
    if package in _TAKEN or package in sys.stdlib_module_names:
        raise ConfigurationError(
            f"{name!r} cannot be an app's name, because Python finds another module under it. "
            f"Choose another one, e.g. {name}-app."
        )
    return package


def _require_free(path: Path) -> None:
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    raise ConfigurationError(f"{path} is there already, and nothing is overwritten. Name another.")


def _read(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """The files of a template, by their paths in it."""
    for entry in folder.iterdir():
        if entry.name == "__pycache__":  # of somebody who ran the template where it is
            continue
        if entry.is_dir():
            yield from _read(entry, f"{prefix}{entry.name}/")
        else:
            yield prefix + entry.name, entry.read_text(encoding="utf-8")


def _write(path: Path, written: dict[Path, str], requirement: Requirement) -> None:
    """Put the app together beside its place, then move it there in one step."""
    home = path.resolve().parent
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".hogsend-new-", dir=home) as temporary:
        draft = Path(temporary) / path.name
        for file, text in written.items():
            (draft / file).parent.mkdir(parents=True, exist_ok=True)
            (draft / file).write_text(_with_wheels(text, requirement), encoding="utf-8")
        if requirement.wheel is not None:
            (draft / "wheels").mkdir()
            shutil.copy(requirement.wheel, draft / "wheels")
        os.rename(draft, path.resolve())  # noqa: PTH104 - over an empty directory, too


def _with_wheels(text: str, requirement: Requirement) -> str:
    """A Dockerfile needs the wheel where pip looks for it."""
    line = "" if requirement.wheel is None else "COPY wheels wheels\n"
    return text.replace("#WHEELS\n", line)
