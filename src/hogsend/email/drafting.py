"""What is put on record about a mail: rendered, or with the reason why it is not sent."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hogsend.db.pool import Connection
from hogsend.durations import describe_duration
from hogsend.email.errors import TemplateError
from hogsend.email.links import Links, Subscription, list_headers
from hogsend.email.model import TRANSACTIONAL, Content, Mail, MailStatus, is_address
from hogsend.email.policy import MailPolicy
from hogsend.email.store import Draft, Order, Recipient, count_recent, find_recipient, new_id
from hogsend.email.templates import RESERVED, Templates


class Drafter:
    """Decides whether a mail is to be sent, and renders it.

    Args:
        templates: The app's.
        policy: How to send.
        provider: Who is to carry it, by name.
    """

    def __init__(self, *, templates: Templates, policy: MailPolicy, provider: str) -> None:
        self._templates = templates
        self._policy = policy
        self._provider = provider

    async def draft(
        self, connection: Connection, order: Order, links: Links, now: datetime
    ) -> Draft:
        """What to put on record; the caller holds the lock of the user's contact.

        Raises:
            TemplateError: It cannot be rendered.
        """
        recipient = await find_recipient(connection, order)
        refusal = recipient.refusal or await self._over_cap(connection, order, now)
        draft: dict[str, Any] = {
            "id": new_id(),
            "order": order,
            "from_": self._policy.from_,
            "provider": self._provider,
            "to": recipient.address,
        }
        if refusal is not None:
            return Draft(**draft, status=MailStatus.SUPPRESSED, reason=refusal)
        if fault := _address_fault(recipient):
            return Draft(**draft, status=MailStatus.FAILED, reason=fault)
        url = _unsubscribe_url(order, links)
        content = self._render(order.mail, recipient, url)
        return Draft(**draft, content=content, headers=list_headers(url) if url else {})

    def _render(self, mail: Mail, recipient: Recipient, url: str | None) -> Content:
        if taken := RESERVED & mail.props.keys():
            raise TemplateError(
                f"props= of {mail.template} has {min(taken)!r}, which every template has already; "
                "choose another name."
            )
        user = {
            "id": recipient.user_id,
            "email": recipient.address,
            "properties": recipient.properties,
        }
        variables = {**mail.props, "user": user, "unsubscribe_url": url}
        return self._templates.render(mail.template, variables, subject=mail.subject)

    async def _over_cap(self, connection: Connection, order: Order, now: datetime) -> str | None:
        """Why the journey's gap or the frequency cap keeps a mail back, or None."""
        cap, gap = self._policy.cap, order.mail.gap
        if order.mail.category == TRANSACTIONAL:
            return None
        if gap is not None and await count_recent(connection, order.user_id, now - gap):
            return f"suppress: a mail less than {describe_duration(gap)} ago"
        if cap is None:
            return None
        if await count_recent(connection, order.user_id, now - cap.window) < cap.mails:
            return None
        return f"frequency cap: {cap.mails} in {describe_duration(cap.window)}"


def _address_fault(recipient: Recipient) -> str | None:
    if recipient.address is None:
        return f"{recipient.user_id} has no mail address"
    if not is_address(recipient.address):
        return f"{recipient.address!r}, the address of {recipient.user_id}, is none"
    return None


def _unsubscribe_url(order: Order, links: Links) -> str | None:
    if order.mail.category == TRANSACTIONAL:
        return None
    return links.url(Subscription(user_id=order.user_id, category=order.mail.category))
