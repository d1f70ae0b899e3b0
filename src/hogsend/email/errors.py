"""What can go wrong between a mail and its recipient."""

from __future__ import annotations

from hogsend.errors import HogsendError


class TemplateError(HogsendError):
    """A template is missing or cannot be rendered; names the template and what is wrong."""


class MailError(HogsendError):
    """A provider did not take a mail."""


class TransientMailError(MailError):
    """The mail may go out later: send it again, with the same key.

    Args:
        message: What happened, and what to do if it goes on.
        retry_after: Seconds to wait, if somebody said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class MailInProgressError(TransientMailError):
    """Somebody else is sending this mail right now."""


class PermanentMailError(MailError):
    """No provider will ever take this mail.

    Args:
        message: What the provider said.
        bounced: Whether the address is to blame: nobody is there.
    """

    def __init__(self, message: str, *, bounced: bool = False) -> None:
        super().__init__(message)
        self.bounced = bounced


class LinkError(HogsendError):
    """An unsubscribe link that was not made here, or not like this."""
