"""Pages out of templates, and the headers that keep them from loading anything of others."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from hogsend.app.client import Client
from hogsend.db.pool import Pool
from hogsend.studio.access import may_operate
from hogsend.studio.assets import digest
from hogsend.studio.flash import drop_flash, leave_flash, read_flash
from hogsend.studio.navigation import NAVIGATION
from hogsend.studio.text import FILTERS

_THEMES: Final = frozenset({"light", "dark"})
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    # Not no-referrer: browsers would then hide from us where a form was sent from.
    "Referrer-Policy": "same-origin",
}


class Studio:
    """What every page works with.

    Args:
        client: The app that is shown.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._templates = Environment(
            loader=PackageLoader(__package__ or "hogsend.studio"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters.update(FILTERS)

    @property
    def pool(self) -> Pool:
        """The running client's connections for operators' reads."""
        return self.client.engine.reads

    @property
    def now(self) -> datetime:
        """The engine's present instant."""
        return self.client.clock.now()

    def page(
        self, request: Request, template: str, http_status: int = 200, **values: Any
    ) -> HTMLResponse:
        """A page, or a part of one."""
        theme = request.cookies.get("hogsend_theme", "")
        caller = getattr(request.state, "caller", None)
        base = request.scope["root_path"]
        html = self._templates.get_template(template).render(
            base=base,
            static=f"{base}/static/{digest()}",
            here=request.url.path,
            theme=theme if theme in _THEMES else "auto",
            visitor=caller,
            may_operate=caller is not None and may_operate(caller),
            navigation=NAVIGATION,
            flash=read_flash(request),
            now=self.now,
            **values,
        )
        response = HTMLResponse(html, http_status, headers=_HEADERS)
        drop_flash(response, request)
        return response

    def done(self, request: Request, path: str, text: str) -> RedirectResponse:
        """Back to the page at ``path`` (below Studio's own), which says ``text``."""
        response = go_to(request, path)
        leave_flash(response, request, text)
        return response


def go_to(request: Request, path: str) -> RedirectResponse:
    """To the page at ``path``, below Studio's own."""
    return RedirectResponse(request.scope["root_path"] + path, 303)
