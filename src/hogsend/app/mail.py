"""Mail as the settings say."""

from __future__ import annotations

from datetime import timedelta
from email.utils import parseaddr

from hogsend.email.model import is_address
from hogsend.email.policy import Cap, MailPolicy
from hogsend.errors import ConfigurationError
from hogsend.settings import Settings


def make_policy(settings: Settings) -> MailPolicy:
    """How to send.

    Raises:
        ConfigurationError: ``MAIL_FROM`` is not an address.
    """
    from_ = settings.mail_from or MailPolicy().from_
    if not is_address(parseaddr(from_)[1]):
        raise ConfigurationError(f"MAIL_FROM: {from_!r} is not like 'Ada <ada@example.com>'.")
    secret = settings.hogsend_secret
    cap = settings.mail_cap
    return MailPolicy(
        from_=from_,
        public_url=settings.public_url or f"http://localhost:{settings.port}",
        secret=None if secret is None else secret.get_secret_value().encode(),
        cap=None
        if cap is None
        else Cap(mails=cap, window=timedelta(hours=settings.mail_cap_hours)),
    )
