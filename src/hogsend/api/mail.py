"""Unsubscribing: links in mail, which work without a key or a login."""

from __future__ import annotations

from datetime import datetime
from html import escape
from string import Template
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from hogsend.app.client import Client
from hogsend.email.errors import LinkError
from hogsend.email.links import PATH, Subscription
from hogsend.email.preferences import resubscribe, unsubscribe
from hogsend.errors import InvalidInputError

Token = Annotated[str, Query(description="As the link has it; it takes no API key.")]

_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Robots-Tag": "noindex",
}
_PAGE: Final = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>
body { font: 1.1rem/1.5 system-ui, sans-serif; max-width: 30rem; margin: 15vh auto; padding: 1rem }
button { font: inherit; padding: .5rem 1rem; margin: .5rem 0; cursor: pointer }
</style>
<h1>$title</h1>
<p>$text</p>
$forms
</html>
""")
_FORM: Final = Template('<form method="post" action="?$query"><button>$label</button></form>')


def mail_routes(client: Client) -> APIRouter:
    """The page behind an unsubscribe link; only a POST changes anything."""
    # Pages for people and mail programs, whose links nobody can make up: not in the document.
    router = APIRouter(include_in_schema=False)

    async def read(token: str, now: datetime) -> Subscription:
        try:
            return (await client.mailer.links(now)).read(token)
        except LinkError as error:
            raise InvalidInputError("token", str(error)) from error

    @router.get(PATH, summary="Ask whether to unsubscribe", response_class=HTMLResponse)
    async def ask(token: Token = "") -> HTMLResponse:
        """The page that a link leads to; nothing changes yet, as mail scanners open links, too."""
        subscription = await read(token, client.clock.now())
        category = subscription.category
        text = "Press the button, and you get no more of this mail."
        forms = [_form(token, "Unsubscribe")]
        if category is not None:
            text = f"Do you want no more {category} mail, or none at all?"
            forms = [
                _form(token, f"Unsubscribe from {category}"),
                _form(token, "Unsubscribe from everything", everything="true"),
            ]
        return _page("Unsubscribe", text, *forms)

    @router.post(PATH, summary="Unsubscribe", response_class=HTMLResponse)
    async def change(
        token: Token = "",
        *,
        everything: Annotated[bool, Query(description="Not only from its category.")] = False,
        again: Annotated[bool, Query(description="Subscribe once more.")] = False,
    ) -> HTMLResponse:
        """What the page's button does, and the mail program's (RFC 8058). The body is not read."""
        now = client.clock.now()
        subscription = await read(token, now)
        category = None if everything else subscription.category
        act = resubscribe if again else unsubscribe
        await act(client.engine.pool, subscription.user_id, category=category, now=now)
        if again:
            return _page("Welcome back", "You are subscribed again.")
        what = f"{category} mail" if category else "mail of this kind"
        scope = {"everything": "true"} if everything else {}
        undo = _form(token, "Subscribe again", **scope, again="true")
        return _page("Done", f"You get no more {what}.", undo)

    return router


def _page(title: str, text: str, *forms: str) -> HTMLResponse:
    page = _PAGE.substitute(title=escape(title), text=escape(text), forms="\n".join(forms))
    return HTMLResponse(page, headers=_HEADERS)


def _form(token: str, label: str, **query: str) -> str:
    return _FORM.substitute(query=escape(urlencode({"token": token, **query})), label=escape(label))
