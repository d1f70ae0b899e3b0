"""A mail as a journey asks for it, as a provider takes it, and as it is on record.

The states of a mail on record::

    sending ──> sent ──> bounced | complained
       ├──────> bounced | failed
       └──────> suppressed

``sending`` is the only one that is left by sending again with the same key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from hogsend.errors import InvalidInputError

TRANSACTIONAL: Final = "transactional"
"""The category of what a user asked for, such as a receipt: nobody unsubscribes from it."""

_CATEGORY: Final = re.compile(r"[a-z0-9][a-z0-9-]*")


class MailStatus(StrEnum):
    """Where a mail is."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A mail to be rendered and sent.

    Attributes:
        template: The template's name, such as ``welcome``.
        user_id: To whom, as the log knows them; None is the user whom ``to`` belongs to.
        to: The address; None is the contact's own.
        subject: Instead of the template's.
        props: The template's variables.
        category: What a user can unsubscribe from by itself; None is everything that is not
            ``transactional``.
        journey_id: The journey that sends it, if one does.
        gap: Not to a user who got a mail less than this ago; transactional ones aside.

    Raises:
        InvalidInputError: Something is wrong with one of them.
    """

    template: str
    user_id: str | None = None
    to: str | None = None
    subject: str | None = None
    props: Mapping[str, Any] = field(default_factory=dict)
    category: str | None = None
    journey_id: str | None = None
    gap: timedelta | None = None

    def __post_init__(self) -> None:
        if not self.user_id and not self.to:
            raise InvalidInputError("to", "is missing; say whom with user_id= or to=")
        if self.to is not None and not is_address(self.to):
            raise InvalidInputError("to", f"{self.to!r} is not a mail address")
        if self.category is not None and not _CATEGORY.fullmatch(self.category):
            raise InvalidInputError(
                "category", f"{self.category!r} is not made of a-z, 0-9 and '-', e.g. 'newsletter'"
            )


def is_address(text: str) -> bool:
    """Whether ``text`` is one mail address and nothing else."""
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not re.search(r"[\s,;<>\x00-\x1f\x7f]", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a template makes of a mail."""

    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A rendered mail, as it was stored before a provider saw it.

    Attributes:
        id: Of the mail on record; a provider's idempotency key derives from it.
        from_: The sender, with or without a name: ``Ada <ada@example.com>``.
        headers: Beyond the usual ones.
        created_at: When it was rendered; the same in every attempt.
    """

    id: UUID
    from_: str
    to: str
    content: Content
    headers: Mapping[str, str]
    created_at: datetime

    @property
    def key(self) -> str:
        """The idempotency key for the provider: the same in every attempt."""
        return f"hogsend/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMail:
    """What became of a mail.

    Attributes:
        reason: Why it was not sent or did not arrive; None if it was sent.
        provider_id: The provider's name for it.
        sent_at: When it was sent: the instant given to the attempt that the provider took.
    """

    id: UUID
    user_id: str
    key: str
    template: str
    category: str | None
    to: str | None
    subject: str | None
    status: MailStatus
    reason: str | None
    provider_id: str | None
    created_at: datetime
    sent_at: datetime | None
