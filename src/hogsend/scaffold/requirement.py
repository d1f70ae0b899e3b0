"""How a new app asks pip for the hogsend that made it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from hogsend.errors import ConfigurationError

_PACKAGE: Final = "hogsend"
_WHEELS: Final = "wheels"
_ELSEWHERE: Final = (
    "# Only this machine has this directory: to build elsewhere, name a version or a wheel."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What stands in the app's ``requirements.txt``.

    Attributes:
        line: For pip, run in the app's directory.
        wheel: A file that goes along, into ``wheels``.
    """

    line: str
    wheel: Path | None = None


def find_requirement() -> Requirement:
    """The requirement that gets an app the hogsend which runs now.

    One from an index is asked for by version. One that was installed from a wheel goes along as
    that file, so that the app can be built elsewhere, too. One from a directory is asked for by its
    place, which only this machine has.

    Raises:
        ConfigurationError: It was installed from a wheel that is not there any more.
    """
    installed = distribution(_PACKAGE)
    source = _source(installed.read_text("direct_url.json"))
    if source is None:
        return Requirement(line=f"{_PACKAGE}~={installed.version}")
    if source.is_dir():
        return Requirement(line=f"{_ELSEWHERE}\n{_PACKAGE} @ {source.as_uri()}")
    if not source.is_file():
        raise ConfigurationError(
            f"hogsend was installed from {source}, which is not there any more, so the app could "
            "not install it. Install hogsend again, then repeat this."
        )
    return Requirement(line=f"./{_WHEELS}/{source.name}", wheel=source)


def _source(direct_url: str | None) -> Path | None:
    """The file or directory that a package was installed from, as pip notes it (PEP 610)."""
    url = urlsplit(json.loads(direct_url)["url"]) if direct_url else None
    return Path(unquote(url.path)) if url and url.scheme == "file" else None
