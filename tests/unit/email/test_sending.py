"""``send_email``: through whatever the run around it sends with."""

from __future__ import annotations

import pytest

from hogsend import send_email
from hogsend.email.model import Mail
from hogsend.email.sending import sending_through
from hogsend.errors import ConfigurationError


class Run:
    user_id = "ann"

    def __init__(self):
        self.mails = []

    async def send(self, mail):
        self.mails.append(mail)
        return mail


async def test_outside_of_a_journey_it_says_how_to_send():
    """With a mailer and a key of one's own."""
    with pytest.raises(ConfigurationError, match=r"client\.mailer\.send"):
        await send_email(template="welcome")


async def test_within_a_run_the_run_sends():
    """To its user, unless the call names another one; afterwards nobody does."""
    run = Run()
    with sending_through(run):
        await send_email(template="a", props={"x": 1}, category="news")
        await send_email(template="b", to="team@example.com")
        await send_email(template="c", user_id="bob", to="bob@example.com", subject="S")
    assert run.mails == [
        Mail(template="a", user_id="ann", props={"x": 1}, category="news"),
        Mail(template="b", to="team@example.com"),
        Mail(template="c", user_id="bob", to="bob@example.com", subject="S"),
    ]
    with pytest.raises(ConfigurationError):
        await send_email(template="a")
