"""Resend's API, and a server that speaks it and fails in every way."""

from __future__ import annotations

import asyncio

import pytest
from tests.mail_servers import ResendServer
from tests.world import START

from hogsend.email.errors import TransientMailError
from hogsend.email.providers.resend import Resend, read_webhook
from hogsend.email.returns import Return, record_return

BUSY = (500, "application_error", ())
SLOW = (429, "rate_limit_exceeded", ("Retry-After: 0",))
CONCURRENT = (409, "concurrent_idempotent_requests", ())


@pytest.fixture
async def remote():
    remote = ResendServer()
    async with remote.running() as remote.port:
        yield remote


@pytest.fixture
async def resend(office, remote):
    office.post = Resend("re_secret", url=f"http://127.0.0.1:{remote.port}")
    yield office.post
    await office.post.close()


async def test_a_request_is_what_the_api_asks_for(office, resend, remote):
    """Authorization, idempotency key, addresses, content, headers."""
    sent = await office.send(to="ann@example.com")
    ((line, headers, body),) = remote.requests
    assert line == "POST /emails HTTP/1.1"
    assert headers["authorization"] == "bearer re_secret"
    assert headers["idempotency-key"] == f"hogsend/{sent.id}"
    assert body["from"] == "Hogsend <hogsend@localhost>"
    assert (body["to"], body["subject"]) == (["ann@example.com"], "Hello Ann")
    assert body["html"].startswith("<title>")
    assert body["text"].startswith("Hello Ann")
    assert body["headers"]["List-Unsubscribe"].startswith("<https://example.com/")
    assert (sent.status, sent.provider_id) == ("sent", "re_0")


@pytest.mark.parametrize("faults", [[BUSY], [SLOW, CONCURRENT], ["drop"], ["drop", BUSY]])
async def test_what_passes_is_delivered_once(office, resend, remote, faults):
    """Server errors, limits, a twin under way, lost answers: the same key and payload again."""
    remote.faults = list(faults)
    assert (await office.send()).status == "sent"
    assert len(remote.requests) == len(faults) + 1
    assert len(remote.delivered) == 1
    assert len({headers["idempotency-key"] for _, headers, _ in remote.requests}) == 1


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ((429, "daily_quota_exceeded", ("Retry-After: 3600",)), "429 daily_quota_exceeded"),
        ((403, "invalid_api_key", ()), "Look at RESEND_API_KEY and MAIL_FROM"),
        ((401, "missing_api_key", ()), "Look at RESEND_API_KEY and MAIL_FROM"),
    ],
)
async def test_what_is_not_the_mails_fault_can_be_repeated(office, resend, remote, fault, words):
    """Quotas and keys: the mail waits for its next attempt."""
    remote.faults = [fault] * 3
    with pytest.raises(TransientMailError) as caught:
        await office.send()
    assert words in str(caught.value)
    assert "re_secret" not in str(caught.value)
    remote.faults = []
    assert (await office.send()).status == "sent"


async def test_a_mail_that_it_does_not_like_has_failed(office, resend, remote):
    """What it said is on record; nothing is tried again."""
    remote.faults = [(422, "validation_error", ())]
    sent = await office.send()
    assert (sent.status, sent.reason) == ("failed", "Resend answered 422 validation_error: No")
    assert len(remote.requests) == 1


async def test_an_api_that_is_not_there_can_be_tried_later(office, remote):
    """No connection is no answer."""
    office.post = Resend("k", url="http://127.0.0.1:1")
    with pytest.raises(TransientMailError, match="Resend cannot be reached"):
        await office.send()
    await office.post.close()


async def test_no_answer_is_no_answer(office, resend, remote, monkeypatch):
    """The attempt ends in time; the next one has the same key."""
    monkeypatch.setattr("hogsend.email.mailer.ATTEMPT_S", 0.2)
    remote.faults = ["hang"]
    with pytest.raises(TransientMailError, match="did not answer"):
        await office.send()
    monkeypatch.undo()
    assert (await office.send()).status == "sent"
    assert len({headers["idempotency-key"] for _, headers, _ in remote.requests}) == 1


async def test_cancelled_between_delivery_and_record(office, resend, remote):
    """What Resend has, it has once: the repeated send gets its id."""
    arrived = asyncio.Event()
    remote.on_request, remote.faults = arrived.set, ["drop"]
    office.retry_delays = (60,)
    task = asyncio.create_task(office.send())
    await asyncio.wait_for(arrived.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [status for status, _ in await office.statuses()] == ["sending"]
    assert (await office.send()).provider_id == "re_0"
    assert len(remote.delivered) == 1


def bounced(kind="Permanent", **data):
    return {
        "type": "email.bounced",
        "created_at": "2026-01-01T00:00:00.000Z",
        "data": {
            "email_id": "re_0",
            "to": ["ann@example.com"],
            "bounce": {"type": kind, "subType": "General", "message": "No such user."},
            **data,
        },
    }


COMPLAINED = {"type": "email.complained", "data": {"email_id": "re_0", "to": ["x@y.z"]}}


@pytest.mark.parametrize(
    ("payload", "status", "refused"),
    [
        (bounced(), ("bounced", "No such user."), "ann@example.com is on the suppression list"),
        (bounced("Transient"), ("bounced", "No such user."), None),
        (COMPLAINED, ("complained", "marked as spam"), "ann@example.com is on the suppression"),
    ],
)
async def test_what_comes_back_is_recorded(office, resend, pool, payload, status, refused):
    """Once, however often it is told; hard bounces and complaints end all mail there."""
    await office.send(to="ann@example.com")
    returned = read_webhook(payload)
    for _ in range(2):
        assert await record_return(pool, returned, START)
    assert await office.statuses() == [status]
    again = await office.send("2", to="ann@example.com")
    assert (again.reason or "").startswith(refused or "")
    assert again.status == ("suppressed" if refused else "sent")


async def test_a_complaint_outlasts_a_bounce(office, resend, pool):
    """Whatever comes last."""
    await office.send()
    for payload in (COMPLAINED, bounced()):
        await record_return(pool, read_webhook(payload), START)
    assert await office.statuses() == [("complained", "marked as spam")]


async def test_what_is_about_no_mail_of_ours_is_ignored(pool):
    """Unknown mails, and what is not about returns."""
    unknown = Return(provider_id="re_9", complaint=True, permanent=True, detail="")
    assert not await record_return(pool, unknown, START)
    assert read_webhook({"type": "email.delivered", "data": {"email_id": "re_0"}}) is None
