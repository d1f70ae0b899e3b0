"""Mail settings: who carries mail, and what is missing for that."""

from __future__ import annotations

import pytest

from hogsend import create_client
from hogsend.app.mail import choose_provider, make_policy
from hogsend.durations import hours
from hogsend.email.policy import Cap
from hogsend.errors import ConfigurationError
from hogsend.settings import Settings

GIVEN = {"mail_from": "Ada <ada@example.com>", "public_url": "https://hog.example.com"}


def test_without_settings_mail_is_kept():
    """Links lead to this machine, and nothing limits anybody."""
    assert choose_provider(Settings())().name == "console"
    policy = make_policy(Settings(port=4000))
    assert (policy.public_url, policy.cap, policy.secret) == ("http://localhost:4000", None, None)


async def test_the_settings_say_how_to_send():
    """Sender, cap, secret; SMTP or Resend."""
    policy = make_policy(Settings(**GIVEN, mail_cap=3, mail_cap_hours=12, hogsend_secret="s"))
    assert policy.from_ == "Ada <ada@example.com>"
    assert policy.cap == Cap(mails=3, window=hours(12))
    assert policy.secret == b"s"
    assert policy.per_second is None
    assert make_policy(Settings(mail_provider="resend")).per_second == 2
    assert make_policy(Settings(mail_provider="resend", mail_rate=10)).per_second == 10
    for name, secret in (("smtp", {"smtp_url": "smtp://h"}), ("resend", {"resend_api_key": "k"})):
        provider = choose_provider(Settings(**GIVEN, **secret, mail_provider=name))()
        assert provider.name == name
        await provider.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mail_provider": "smtp"}, "also needs SMTP_URL, MAIL_FROM, PUBLIC_URL"),
        ({"mail_provider": "resend", **GIVEN}, "also needs RESEND_API_KEY:"),
        ({"mail_provider": "pigeon"}, "MAIL_PROVIDER: Input should be 'console', 'smtp' or"),
        ({"mail_from": "Ada"}, "MAIL_FROM: it has to be like Ada <ada@example.com>"),
        ({"mail_from": "a@b.c\nBcc: x@y.z"}, "MAIL_FROM: it has to be like"),
        ({"smtp_url": "me:secret@host"}, "SMTP_URL: it has to be like smtp://"),
        ({"public_url": "hog.example.com"}, "PUBLIC_URL: it has to start with https://"),
        ({"mail_cap": 0}, "MAIL_CAP: Input should be greater than or equal to 1"),
    ],
)
def test_what_is_missing_or_wrong_is_said_at_start(settings, words):
    """Before the first mail, by the names of the variables, without a secret."""
    with pytest.raises(ConfigurationError) as caught:
        create_client(settings=Settings(**settings))
    assert words in str(caught.value)
    assert "secret" not in str(caught.value)


def test_secrets_are_not_shown():
    """Not even by printing the settings."""
    settings = Settings(
        smtp_url="smtp://u:hidden@h", resend_api_key="hidden", hogsend_secret="hidden"
    )
    assert "hidden" not in repr(settings)
