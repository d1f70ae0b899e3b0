"""How an installation sends mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """At most ``mails`` to a user within ``window``; transactional ones do not count."""

    mails: int
    window: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class MailPolicy:
    """How an installation sends.

    Attributes:
        from_: The sender of all mail.
        public_url: Where the API is reached from outside; links lead there.
        secret: Signs the links; None is one that the database keeps.
        per_second: How many mails one process sends in a second; None is no limit.
        cap: How much mail a user gets at most; None is no limit.
    """

    from_: str = "Hogsend <hogsend@localhost>"
    public_url: str = "http://localhost:3002"
    secret: bytes | None = None
    per_second: float | None = None
    cap: Cap | None = None
