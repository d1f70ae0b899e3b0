"""SMTP, and a server that speaks it."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest
from tests.mail_servers import SmtpServer
from tests.world import START

from hogsend.email.errors import TransientMailError
from hogsend.email.providers.smtp import Smtp, read_smtp_url
from hogsend.email.providers.smtp import SmtpServer as Place


@pytest.fixture
async def remote(office):
    remote = SmtpServer()
    async with remote.running() as port:
        office.post = Smtp(read_smtp_url(f"smtp://127.0.0.1:{port}"))
        yield remote


async def test_a_mail_arrives_as_it_was_rendered(office, remote):
    """Both bodies, whatever they contain; links in one piece; the sender in the envelope."""
    name = "Zoë\n.\n" + "long " * 400
    sent = await office.send(props={"name": name}, subject="Grüße, Zoë")
    (mail,) = remote.mails
    (row,) = await office.rows()
    for kind, column in (("html", "html"), ("plain", "text")):
        assert mail.get_body((kind,)).get_content().splitlines() == row[column].splitlines()
    assert (mail["From"], mail["To"]) == ("Hogsend <hogsend@localhost>", "Ann@example.com")
    assert mail["Subject"] == "Grüße, Zoë"
    assert mail["List-Unsubscribe"] == row["headers"]["List-Unsubscribe"]
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert parsedate_to_datetime(mail["Date"]) == START
    assert mail["Message-ID"] == sent.provider_id == f"<{sent.id}@localhost>"
    assert remote.commands[1].startswith("MAIL FROM:<hogsend@localhost>")


async def test_a_long_user_id_breaks_no_link(office, remote):
    """A header that a program folds or encodes would be no address any more."""
    await office.send(user_id="u" * 256, to="u@example.com")
    url = remote.mails[0]["List-Unsubscribe"].strip("<>")
    links = await office.mailer().links(START)
    assert links.read(url.partition("token=")[2]).user_id == "u" * 256


@pytest.mark.parametrize(
    ("verb", "answer", "status"),
    [
        ("RCPT", "550 5.1.1 No such user", "bounced"),
        ("RCPT", "550 no mailbox here", "bounced"),
        ("RCPT", "550 5.7.1 We do not like you", "failed"),
        ("RCPT", "552 5.2.2 Mailbox full", "failed"),
        ("DATA", "554 5.6.0 No", "failed"),
        ("BODY", "554 5.7.1 Looks like spam", "failed"),
    ],
)
async def test_a_final_no_is_recorded(office, remote, verb, answer, status):
    """Only one about the address makes it a bounce, after which nothing is sent there."""
    remote.answers = {verb: answer}
    sent = await office.send()
    assert (sent.status, sent.reason) == (status, answer)
    assert remote.mails == []
    assert ((await office.send("2")).status == "suppressed") == (status == "bounced")


@pytest.mark.parametrize(
    ("verb", "answer"),
    [
        ("RCPT", "450 4.2.1 Greylisted"),
        ("BODY", "451 4.3.0 Try later"),
        ("MAIL", "553 5.1.8 Sender address rejected"),
        ("EHLO", "421 4.3.2 Closing"),
    ],
)
async def test_what_is_not_the_mails_fault_is_tried_again(office, remote, verb, answer):
    """A moment later, and then it goes out."""
    remote.answers = {verb: answer}
    assert (await office.send()).status == "sent"
    assert len(remote.mails) == 1


async def test_a_copy_can_be_told_by_its_message_id(office, remote):
    """Where the server took it and hung up, it goes out again, the same to the letter."""
    remote.drop_after_data = 1
    assert (await office.send()).status == "sent"
    first, second = remote.mails
    assert first.as_bytes().split(b"boundary")[0] == second.as_bytes().split(b"boundary")[0]
    assert first["Message-ID"] == second["Message-ID"]
    assert first["Date"] == second["Date"]


async def test_a_server_that_is_not_there_is_named(office):
    """With what to look at, and without the password."""
    office.post = Smtp(read_smtp_url("smtp://me:secret@127.0.0.1:1"))
    with pytest.raises(TransientMailError, match=r"127\.0\.0\.1:1.*SMTP_URL") as caught:
        await office.send()
    assert "secret" not in str(caught.value)


async def test_credentials_are_not_sent_in_the_clear(office, remote):
    """A server without STARTTLS does not get them."""
    open_place = office.post._server
    office.post = Smtp(Place(host="127.0.0.1", port=open_place.port, username="u", password="p"))
    with pytest.raises(TransientMailError, match="STARTTLS"):
        await office.send()
    assert not any(command.startswith("AUTH") for command in remote.commands)


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("smtp://h", Place(host="h", port=587)),
        ("smtps://u:p%40ss@h", Place(host="h", port=465, username="u", password="p@ss", tls=True)),
        ("smtp://u%40x.y:p@h:25", Place(host="h", port=25, username="u@x.y", password="p")),
    ],
)
def test_the_url_says_where_and_how(url, place):
    """Credentials may be quoted."""
    assert read_smtp_url(url) == place
