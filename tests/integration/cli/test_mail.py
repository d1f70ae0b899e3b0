"""``hogsend mail``: what was sent, and what was not and why."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from tests.world import START

from hogsend.cli import entry
from hogsend.db.pool import create_pool
from hogsend.email.mailer import Mailer
from hogsend.email.model import Mail
from hogsend.email.templates import Templates


@pytest.fixture
async def sent(database, tmp_path, monkeypatch):
    """Two mails: one to Bob, who has no address, then one to Ann."""
    monkeypatch.setenv("DATABASE_URL", database)
    (tmp_path / "hello.html").write_text("<p>Hello {{ name }}</p>")
    hello = {"template": "hello", "subject": "Hello", "props": {"name": "Zoë"}}
    async with await create_pool(database) as pool:
        mailer = Mailer(pool=pool, templates=Templates(tmp_path))
        await mailer.send(Mail(user_id="bob", **hello), key="1", now=START)
        return await mailer.send(Mail(user_id="ann", to="ann@x.org", **hello), key="2", now=START)


@pytest.fixture
def run(sent, capsys):
    def ran(*arguments, code=0):
        assert entry.run(["mail", *map(str, arguments)]) == code
        return capsys.readouterr()

    return ran


def test_mails_are_listed_newest_first(run):
    """With what became of each."""
    listed = json.loads(run("list", "--json").out)
    assert [(m["userId"], m["status"], m["reason"]) for m in listed["mails"]] == [
        ("ann", "sent", None),
        ("bob", "failed", "bob has no mail address"),
    ]
    assert (listed["total"], listed["mails"][0]["sentAt"]) == (2, "2026-01-01T00:00:00.000Z")


def test_mails_can_be_chosen(run):
    """By user and status; the rest is counted."""
    shown = run("list", "--user", "bob", "--status", "failed")
    assert " bob   hello     failed: bob has no mail address" in shown.out.splitlines()[1]
    assert shown.err == "1 in all.\n"
    assert run("list", "--status", "sending").out == ""
    assert run("list", "--limit", "1").err == "2 in all. Shown: 1; more with --limit.\n"
    assert "there are: sending, sent, failed" in run("list", "--status", "lost", code=1).err


def test_one_mail_is_shown_whole(run, sent):
    """As text with its headers, as HTML, and as JSON."""
    out = run("show", sent.id).out
    assert "To: ann@x.org\n" in out
    assert "List-Unsubscribe: <http://localhost:3002/v1/email/unsubscribe?token=" in out
    assert out.endswith("\n\nHello Zoë\n")
    assert run("show", sent.id, "--html").out == "<p>Hello Zoë</p>"
    shown = json.loads(run("show", sent.id, "--json").out)
    assert (shown["text"], shown["provider"], shown["attempts"]) == ("Hello Zoë\n", "console", 1)


def test_a_mail_that_is_not_there_is_said(run):
    """And where to look."""
    assert "See `hogsend mail list`" in run("show", uuid4(), code=1).err
