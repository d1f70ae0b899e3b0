"""What the next page says about the last one: a cookie that lives until it is read."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

_COOKIE: Final = "hogsend_flash"
_LIVES_S: Final = 60


def leave_flash(response: Response, request: Request, text: str) -> None:
    """Have the next page say ``text``."""
    path = request.scope["root_path"]
    response.set_cookie(
        _COOKIE, quote(json.dumps(text)), max_age=_LIVES_S, path=path, httponly=True, samesite="lax"
    )


def read_flash(request: Request) -> str | None:
    """What the last page left to say."""
    kept = request.cookies.get(_COOKIE)
    try:
        text = None if kept is None else json.loads(unquote(kept))
    except ValueError:
        return None
    return text if isinstance(text, str) else None


def drop_flash(response: Response, request: Request) -> None:
    """It was said."""
    if _COOKIE in request.cookies:
        response.delete_cookie(_COOKIE, path=request.scope["root_path"])
