"""A mail goes out once, and its record says what became of it."""

from __future__ import annotations

import asyncio
from time import monotonic

import pytest
from tests.world import START, World

from hogsend.durations import days, hours, seconds
from hogsend.email.errors import (
    MailInProgressError,
    PermanentMailError,
    TemplateError,
    TransientMailError,
)
from hogsend.email.links import Links, Subscription
from hogsend.email.mailer import ATTEMPT_S, CLAIM, RETRY_DELAYS_S
from hogsend.email.model import Mail
from hogsend.email.pace import CONCURRENCY
from hogsend.email.policy import Cap
from hogsend.email.preferences import resubscribe, unsubscribe
from hogsend.email.store import suppress_address
from hogsend.errors import InvalidInputError


async def test_a_mail_is_rendered_sent_and_kept(office, post):
    """The record has what the provider got, and what it answered."""
    sent = await office.send()
    (message,) = post.calls
    assert (sent.status, sent.reason, sent.to) == ("sent", None, "Ann@example.com")
    assert (sent.subject, sent.sent_at, sent.provider_id) == (
        "Hello Ann",
        START,
        f"post-{message.id}",
    )
    (row,) = await office.rows()
    assert (row["html"], row["text"]) == (message.content.html, message.content.text)
    assert row["from_address"] == message.from_ == "Hogsend <hogsend@localhost>"
    assert row["headers"] == message.headers
    assert row["claimed_until"] is None


async def test_the_same_key_sends_nothing_more(office, post):
    """Whatever the second one says; another user or another key is another mail."""
    first = await office.send()
    assert await office.send(props={"name": "Someone else"}) == first
    await office.send("other key")
    await office.send(user_id="bob", to="bob@example.com")
    assert [message.to for message in post.calls] == [
        "Ann@example.com",
        "Ann@example.com",
        "bob@example.com",
    ]
    assert len({message.key for message in post.calls}) == 3


async def test_an_address_finds_its_user(office):
    """``to`` alone: the contact with that address, else the address is its own user."""
    assert (await office.send(user_id=None, to="ANN@example.com")).user_id == "ann"
    assert (await office.send(user_id=None, to="New@Example.com")).user_id == "new@example.com"


async def test_the_contact_is_there_for_the_template(office, post):
    """With properties and id."""
    await office.send(template="profile", subject="x", props={})
    assert post.calls[0].content.html == "pro ann"


async def test_two_at_once_are_one_mail(office, post):
    """While one sends, the other is told to come back; then it finds the mail sent."""
    post.gate.clear()
    first = asyncio.create_task(office.send())
    await asyncio.wait_for(post.arrived.wait(), 5)
    with pytest.raises(MailInProgressError) as caught:
        await office.send()
    assert caught.value.retry_after == pytest.approx(CLAIM.total_seconds(), abs=10)
    post.gate.set()
    assert await first == await office.send()
    assert len(post.calls) == 1


@pytest.mark.parametrize("user_id", ["ann", "nobody"])
async def test_many_at_once_are_one_mail(office, post, user_id):
    """Also for a user without a contact, whose row nobody can lock."""
    mailers = [office.mailer() for _ in range(8)]
    outcomes = await asyncio.gather(
        *(office.send(mailer=m, user_id=user_id, to="x@example.com") for m in mailers),
        return_exceptions=True,
    )
    assert len(post.calls) == 1
    assert all(
        isinstance(outcome, MailInProgressError) or outcome.status == "sent" for outcome in outcomes
    )


async def test_a_process_that_died_holding_a_mail_is_overtaken(office, post, pool):
    """Once the claim has run out: the stored mail goes out, and the provider knows its key."""
    post.gate.clear()
    victim = asyncio.create_task(office.send())
    await asyncio.wait_for(post.arrived.wait(), 5)
    post.gate.set()
    office.now += 2 * CLAIM
    second = asyncio.create_task(office.send(props={"name": "Another"}))
    outcomes = await asyncio.gather(victim, second, return_exceptions=True)
    assert (await office.send()).status == "sent"
    assert {getattr(outcome, "status", "overtaken") for outcome in outcomes} <= {
        "sent",
        "overtaken",
    }
    assert [message.content.subject for message in post.delivered.values()] == ["Hello Ann"]
    assert {message.content.subject for message in post.calls} == {"Hello Ann"}


async def test_an_attempt_that_lost_its_claim_records_nothing(office, post):
    """The one that overtook it has the word."""
    post.gate.clear()
    slow = asyncio.create_task(office.send())
    await asyncio.wait_for(post.arrived.wait(), 5)
    office.now += 2 * CLAIM
    post.faults = [PermanentMailError("no such domain")]
    assert (await office.send()).status == "failed"
    post.gate.set()
    with pytest.raises(MailInProgressError):
        await slow
    assert await office.statuses() == [("failed", "no such domain")]


@pytest.mark.parametrize("end", ["refused", "taken", "cancelled"])
async def test_an_overtaken_attempt_leaves_the_other_ones_claim_alone(office, post, end):
    """However it ends, the mail is still being sent; the attempt that has the claim records."""
    loop = asyncio.get_running_loop()
    early, late = post.turns = [loop.create_future(), loop.create_future()]
    overtaken = asyncio.create_task(office.send())
    await asyncio.wait_for(post.arrived.wait(), 5)
    office.now += 2 * CLAIM
    post.arrived.clear()
    other = asyncio.create_task(office.send())
    await asyncio.wait_for(post.arrived.wait(), 5)
    match end:
        case "refused":
            early.set_exception(PermanentMailError("no"))
        case "taken":
            early.set_result(None)
        case "cancelled":
            overtaken.cancel()
    assert isinstance(
        (await asyncio.gather(overtaken, return_exceptions=True))[0],
        asyncio.CancelledError if end == "cancelled" else MailInProgressError,
    )
    (row,) = await office.rows()
    assert (row["status"], row["attempts"]) == ("sending", 2)
    assert row["claimed_until"] > office.now
    late.set_result(None)
    assert (await other).status == "sent"


async def test_a_cancelled_send_can_be_repeated_at_once(office, post):
    """Its claim is given back; the provider sees the same key again."""
    post.gate.clear()
    task = asyncio.create_task(office.send())
    await asyncio.wait_for(post.arrived.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    post.gate.set()
    assert (await office.send()).status == "sent"
    assert len(post.calls) == 2
    assert len(post.delivered) == 1


async def test_a_blip_is_tried_again_at_once(office, post):
    """A few times, with the same key, also when the provider took it and its answer got lost."""
    post.faults = [TransientMailError("busy")]
    post.lost_answers = 1
    assert (await office.send()).status == "sent"
    assert len(post.calls) == 3
    assert len(post.delivered) == 1


async def test_what_lasts_is_raised_and_can_be_repeated(office, post):
    """The record says why it is still there; nothing has to be waited for."""
    post.faults = [TransientMailError("busy")] * 3
    with pytest.raises(TransientMailError, match="busy"):
        await office.send()
    assert await office.statuses() == [("sending", "busy")]
    assert (await office.send()).status == "sent"
    assert await office.statuses() == [("sent", None)]


async def test_a_wave_reaches_the_provider_a_few_at_a_time(office, post):
    """However many send at once; those who wait have no claim that could run out meanwhile."""
    mailer = office.mailer()
    post.gate.clear()
    sends = [asyncio.create_task(office.send(str(n), mailer=mailer)) for n in range(30)]
    async with asyncio.timeout(10):
        while len(post.calls) < CONCURRENCY:  # noqa: ASYNC110 - nothing tells of the twentieth call
            await asyncio.sleep(0.01)
    assert len(await office.rows()) == CONCURRENCY
    post.gate.set()
    assert {mail.status for mail in await asyncio.gather(*sends)} == {"sent"}
    assert len(post.delivered) == 30


async def test_a_rate_is_kept(office, post):
    """Mails go out no faster; one that is not sent costs nobody's turn."""
    mailer = office.mailer(per_second=20)
    began = monotonic()
    for n in range(3):
        await office.send(str(n), mailer=mailer)
        await office.send(str(n), mailer=mailer)
    assert monotonic() - began >= 2 / 20


async def test_all_wait_when_the_provider_asks_for_it(office, post):
    """Not only the mail that was told so."""
    mailer = office.mailer()
    post.faults = [TransientMailError("too many", retry_after=0.2)]
    began = monotonic()
    first = asyncio.create_task(office.send("1", mailer=mailer))
    await asyncio.wait_for(post.arrived.wait(), 5)
    await office.send("2", mailer=mailer)
    assert monotonic() - began >= 0.2
    assert (await first).status == "sent"


async def test_a_provider_that_asks_for_time_gets_it(office, post):
    """No second try before the time that it names."""
    post.faults = [TransientMailError("slow down", retry_after=60)]
    with pytest.raises(TransientMailError) as caught:
        await office.send()
    assert caught.value.retry_after == 60
    assert len(post.calls) == 1


async def test_a_silent_provider_is_given_up(office, post, monkeypatch):
    """Within the time of the claim."""
    monkeypatch.setattr("hogsend.email.mailer.ATTEMPT_S", 0.05)
    post.gate.clear()
    with pytest.raises(TransientMailError, match="post did not answer within"):
        await office.send()
    assert [status for status, _ in await office.statuses()] == ["sending"]


async def test_a_permanent_fault_is_final(office, post):
    """It is recorded and not tried again."""
    post.faults = [PermanentMailError("we do not like it")]
    first = await office.send()
    assert (first.status, first.reason) == ("failed", "we do not like it")
    assert await office.send() == first
    assert len(post.calls) == 1
    assert (await office.send("next")).status == "sent"


async def test_a_bounce_stops_all_mail_to_the_address(office, post):
    """Transactional too, and for whomever has it; another address of the user is fine."""
    post.faults = [PermanentMailError("550 no such user", bounced=True)]
    assert (await office.send()).status == "bounced"
    refused = await office.send("2", category="transactional", user_id="bob", to="ann@EXAMPLE.com")
    assert refused.status == "suppressed"
    assert refused.reason == "ann@EXAMPLE.com is on the suppression list: bounced"
    assert (await office.send("3", to="new@example.com")).status == "sent"
    assert len(post.calls) == 2


async def test_who_has_no_address_gets_nothing(office, post, pool):
    """Nor who has two in one; it is on record, with the reason."""
    sent = await office.send(user_id="bob")
    assert (sent.status, sent.reason) == ("failed", "bob has no mail address")
    await pool.execute("UPDATE contacts SET email = 'bob@x.org,eve@x.org' WHERE user_id = 'bob'")
    sent = await office.send("2", user_id="bob")
    assert (sent.status, sent.reason) == (
        "failed",
        "'bob@x.org,eve@x.org', the address of bob, is none",
    )
    assert post.calls == []


async def test_who_unsubscribed_gets_only_what_they_asked_for(office, post, pool):
    """From everything or a category; checked when it is sent, also the second time."""
    await unsubscribe(pool, "ann", category="news", now=START)
    assert (await office.send("1", category="news")).reason == "unsubscribed from news"
    assert (await office.send("2")).status == "sent"
    post.faults = [TransientMailError("busy")] * 3
    with pytest.raises(TransientMailError):
        await office.send("3")
    await unsubscribe(pool, "ann", now=START)
    assert (await office.send("3")).reason == "unsubscribed"
    assert (await office.send("4", category="tips")).reason == "unsubscribed"
    assert (await office.send("5", category="transactional")).status == "sent"
    await resubscribe(pool, "ann", now=START)
    assert (await office.send("6", category="news")).status == "sent"


async def test_mail_says_how_to_unsubscribe(office, post):
    """In headers for the mail program, in a variable for the template; not if transactional."""
    await office.send("1", category="news")
    await office.send("2", category="transactional")
    marketing, transactional = post.calls
    url = marketing.headers["List-Unsubscribe"].strip("<>")
    assert marketing.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert url in marketing.content.html
    about = (await office.mailer().links(START)).read(url.partition("token=")[2])
    assert (about.user_id, about.category) == ("ann", "news")
    assert transactional.headers == {}
    assert "Stop" not in transactional.content.html


async def test_the_frequency_cap_keeps_mail_back(office, post):
    """So many within so long; transactional mail neither counts nor is kept back."""
    mailer = office.mailer(cap=Cap(mails=2, window=days(1)))
    await office.send("t", mailer=mailer, category="transactional")
    for n in range(3):
        office.now += hours(1)
        last = await office.send(str(n), mailer=mailer)
    assert (last.status, last.reason) == ("suppressed", "frequency cap: 2 in 1 day")
    assert (await office.send("t2", mailer=mailer, category="transactional")).status == "sent"
    office.now = START + hours(25)
    assert (await office.send("later", mailer=mailer)).status == "sent"
    assert (await office.send("0", mailer=mailer)).status == "sent"


async def test_the_cap_holds_among_mails_sent_at_once(office, post):
    """They are put on record one after the other."""
    mailers = [office.mailer(cap=Cap(mails=3, window=days(1))) for _ in range(8)]
    sent = await asyncio.gather(*(office.send(str(n), mailer=m) for n, m in enumerate(mailers)))
    assert sorted(mail.status for mail in sent) == ["sent"] * 3 + ["suppressed"] * 5
    assert len(post.calls) == 3


async def test_what_cannot_be_rendered_leaves_no_trace(office, post):
    """So that it goes out with the same key once the template is right."""
    with pytest.raises(TemplateError, match="'name' is undefined"):
        await office.send(props={})
    with pytest.raises(TemplateError, match="has 'user', which every template has"):
        await office.send(props={"name": "Ann", "user": "x"})
    assert await office.rows() == []
    assert (await office.send()).status == "sent"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"to": "nobody"},
        {"to": "a@b.c, d@e.f"},
        {"to": "a@b.c\r\nBcc: x@y.z"},
        {"user_id": "u", "category": "Big News"},
    ],
)
def test_a_wrong_mail_is_refused(fields):
    """By name, before anything happens."""
    with pytest.raises(InvalidInputError):
        Mail(template="hello", **fields)


async def test_erasing_a_contact_erases_their_mail(office, post, pool):
    """Mail, preferences and bad addresses; other people's stay, and deletion alone erases none."""
    ingest = World(pool, []).engine.ingest
    for user_id in ("ann", "bob"):
        post.faults = [PermanentMailError("gone", bounced=True)]
        await office.send(user_id=user_id, to=f"{user_id}@old.example.com")
        await unsubscribe(pool, user_id, now=START)
    assert await ingest.delete_contact("bob", erase=False)
    assert await ingest.delete_contact("ann", erase=True)
    for table in ("email_sends", "email_preferences", "email_suppressions"):
        users = await pool.fetch(f"SELECT user_id FROM {table}")
        assert [row["user_id"] for row in users] == ["bob"], table


async def test_a_claim_counts_from_when_it_is_made(office, post, monkeypatch):
    """Not from when a connection or a lock began to be waited for."""
    readings = iter([100.0, 117.0])
    monkeypatch.setattr("hogsend.email.mailer.monotonic", lambda: next(readings))
    post.gate.clear()
    task = asyncio.create_task(office.send())
    await asyncio.wait_for(post.arrived.wait(), 5)
    (row,) = await office.rows()
    assert row["claimed_until"] == START + seconds(17) + CLAIM
    post.gate.set()
    await task


async def test_the_second_attempt_asks_about_the_stored_mail(office, post, pool):
    """Its address and its category, whatever the contact or the call say by now."""
    post.faults = [TransientMailError("busy")] * 3
    with pytest.raises(TransientMailError):
        await office.send(category="news")
    await pool.execute("UPDATE contacts SET email = 'new@example.com' WHERE user_id = 'ann'")
    await suppress_address(pool, "ann", "ann@example.com", reason="manual", detail=None, now=START)
    sent = await office.send()
    assert sent.reason == "Ann@example.com is on the suppression list: manual"
    assert len(post.calls) == 3


def test_a_claim_outlasts_an_attempt():
    """Else two would send at once."""
    assert seconds(ATTEMPT_S + 5) <= CLAIM
    assert sum(RETRY_DELAYS_S) < ATTEMPT_S


async def test_links_are_the_same_in_every_process(office):
    """The database keeps the secret, unless a setting has it."""
    ann = Subscription(user_id="ann", category=None)
    links = await asyncio.gather(*(office.mailer().links(START) for _ in range(4)))
    (token,) = {each.token(ann) for each in links}
    assert links[0].read(token) == ann
    own = await office.mailer(secret=b"mine").links(START)
    assert own.token(ann) == Links(secret=b"mine", public_url="").token(ann) != token
