"""The stylesheet and the scripts: ours, and the ones of others that ``make`` copies here.

Their paths carry a digest of all of them, so browsers keep them for good and take the new ones
after a deploy.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import structlog
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_log = structlog.get_logger(__name__)
FOLDER: Final = Path(__file__).parent / "static"
_NEEDED: Final = ("htmx.min.js", "uplot.min.js", "uplot.min.css")
_FOREVER: Final = "public, max-age=31536000, immutable"


class Assets(StaticFiles):
    """Answers with the files; whoever asks by an older digest is not to keep them."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file at ``path``."""
        response = await super().get_response(path, scope)
        current = scope["path_params"]["digest"] == digest()
        response.headers["cache-control"] = _FOREVER if current else "no-cache"
        return response


def assets() -> Assets:
    """All files of Studio; says what to do if those of others are missing."""
    missing = [name for name in _NEEDED if not (FOLDER / "vendor" / name).is_file()]
    if missing:
        advice = "run `make assets`; it takes npm"
        _log.warning("studio.assets_missing", missing=missing, advice=advice)
    return Assets(directory=FOLDER)


@cache
def digest() -> str:
    """Of all files, names and contents."""
    found = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        content: Any = path.read_bytes()
        found.update(f"{path.relative_to(FOLDER)}:{len(content)}:".encode() + content)
    return found.hexdigest()[:12]
