"""``send_email``: what journeys call. Who sends, and how durably, is up to the run around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from hogsend.email.model import Mail, SentMail
from hogsend.errors import ConfigurationError


class Sender(Protocol):
    """Sends the mails of one journey run."""

    @property
    def user_id(self) -> str:
        """Whom a mail goes to that names nobody."""
        ...

    async def send(self, mail: Mail) -> SentMail:
        """Send ``mail`` once, however often the run is replayed."""
        ...


_sender: ContextVar[Sender | None] = ContextVar("hogsend_sender", default=None)


@contextmanager
def sending_through(sender: Sender) -> Iterator[None]:
    """Let ``send_email`` send through ``sender`` within the block, in this task."""
    token = _sender.set(sender)
    try:
        yield
    finally:
        _sender.reset(token)


async def send_email(
    *,
    template: str,
    to: str | None = None,
    user_id: str | None = None,
    subject: str | None = None,
    props: Mapping[str, Any] | None = None,
    category: str | None = None,
) -> SentMail:
    """Send a mail from a journey, once.

    Args:
        template: The template's name, such as ``welcome``.
        to: The address; by default the contact's own.
        user_id: To whom; by default the user of the run, unless ``to`` says otherwise.
        subject: Instead of the template's.
        props: The template's variables.
        category: What a user can unsubscribe from by itself, such as ``newsletter``;
            ``transactional`` for what they asked for. By default, everything but that.

    Returns:
        What became of it: ``status`` is ``sent``, or says with ``reason`` why not.

    Raises:
        ConfigurationError: Called outside of a journey.
        TemplateError: The template is missing, or a variable of it.
        InvalidInputError: An argument is wrong.
    """
    sender = _sender.get()
    if sender is None:
        raise ConfigurationError(
            "send_email works inside of a journey, which remembers what it has sent. Elsewhere "
            "use `await client.mailer.send(Mail(...), key=..., now=...)`, with a key that is the "
            "same when the same mail is sent again."
        )
    mail = Mail(
        template=template,
        to=to,
        user_id=user_id or (None if to else sender.user_id),
        subject=subject,
        props=props or {},
        category=category,
    )
    return await sender.send(mail)
