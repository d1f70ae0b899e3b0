"""Mail as the settings say."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, assert_never

from pydantic import SecretStr

from hogsend.email.policy import Cap, MailPolicy
from hogsend.email.providers import Provider
from hogsend.email.providers.console import Console
from hogsend.errors import ConfigurationError
from hogsend.settings import Settings

_RATES: Final = {"resend": 2.0}
"""What providers allow if one does not ask them for more, in mails a second."""


def make_policy(settings: Settings) -> MailPolicy:
    """How to send."""
    secret, cap = settings.hogsend_secret, settings.mail_cap
    window = timedelta(hours=settings.mail_cap_hours)
    return MailPolicy(
        from_=settings.mail_from or MailPolicy().from_,
        public_url=settings.public_url or f"http://localhost:{settings.port}",
        secret=None if secret is None else secret.get_secret_value().encode(),
        per_second=settings.mail_rate or _RATES.get(settings.mail_provider),
        cap=None if cap is None else Cap(mails=cap, window=window),
    )


def choose_provider(settings: Settings) -> Callable[[], Provider]:
    """Who carries mail; what is returned makes it, inside of the event loop.

    Raises:
        ConfigurationError: Settings are missing that it needs; all are named.
    """
    match settings.mail_provider:
        case "console":
            return Console
        case "smtp":
            from hogsend.email.providers.smtp import Smtp, read_smtp_url  # noqa: PLC0415

            server = read_smtp_url(_required(settings, "SMTP_URL", settings.smtp_url))
            return lambda: Smtp(server)
        case "resend":
            from hogsend.email.providers.resend import Resend  # noqa: PLC0415 - only if used

            key = _required(settings, "RESEND_API_KEY", settings.resend_api_key)
            return lambda: Resend(key)
        case never:
            assert_never(never)


def _required(settings: Settings, name: str, secret: SecretStr | None) -> str:
    given = {name: secret, "MAIL_FROM": settings.mail_from, "PUBLIC_URL": settings.public_url}
    missing = [variable for variable, value in given.items() if value is None]
    if missing or secret is None:
        raise ConfigurationError(
            f"MAIL_PROVIDER={settings.mail_provider} also needs {', '.join(missing)}: "
            "how to reach it, who the mail is from, and where the links in it lead to."
        )
    return secret.get_secret_value()
