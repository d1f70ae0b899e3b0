"""Mail: what was sent, to whom, and what it looked like."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from hogsend.email.model import MailStatus
from hogsend.errors import NotFoundError
from hogsend.ops.mail import KeptMail, find_mail, list_mail
from hogsend.studio.asking import Offset, make_table
from hogsend.studio.rendering import Studio

_BODY_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'self'; sandbox"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}
"""A mail is shown as it was rendered, and may do nothing: no scripts, no pictures of others."""

UserFilter = Annotated[str, Query(max_length=1_000, pattern=r"^[^\x00]*$")]


class MailFilter(StrEnum):
    """Which mails are shown."""

    ALL = "all"
    SENT = "sent"
    SENDING = "sending"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"

    @property
    def status(self) -> MailStatus | None:
        """As ``ops`` takes it."""
        return None if self is MailFilter.ALL else MailStatus(self)


def mail_pages(studio: Studio) -> APIRouter:
    """The list, a mail, and the mail's own content for the frame in it."""
    router = APIRouter()

    @router.get("/mail")
    async def mails(
        request: Request,
        user: UserFilter = "",
        show: MailFilter = MailFilter.ALL,
        offset: Offset = 0,
    ) -> Response:
        others = {} if show is MailFilter.ALL else {"show": str(show)}
        if user.strip():
            others["user"] = user.strip()
        table = make_table(request, "mail", offset=offset, others=others)
        total, found = await list_mail(
            studio.pool,
            user_id=user.strip() or None,
            status=show.status,
            limit=table.limit,
            offset=offset,
        )
        table.holds(total=total, shown=len(found))
        return studio.page(
            request,
            "mails.html",
            table=table,
            mails=found,
            user=user.strip(),
            show=show,
            filters=list(MailFilter),
        )

    @router.get("/mail/{mail_id}")
    async def mail(request: Request, mail_id: UUID) -> Response:
        return studio.page(request, "mail.html", kept=await _require(studio, mail_id))

    @router.get("/mail/{mail_id}/body")
    async def body(mail_id: UUID) -> Response:
        kept = await _require(studio, mail_id)
        html = "" if kept.message is None else kept.message.content.html
        return HTMLResponse(html, headers=_BODY_HEADERS)

    return router


async def _require(studio: Studio, mail_id: UUID) -> KeptMail:
    kept = await find_mail(studio.pool, mail_id)
    if kept is None:
        raise NotFoundError("mail", str(mail_id), (), near=True)
    return kept
