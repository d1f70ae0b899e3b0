"""A process that is killed with a mail in its hands: the mail goes out, once."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from tests.mail_servers import ResendServer
from tests.world import START

from hogsend.email.errors import MailInProgressError
from hogsend.email.mailer import CLAIM, Mailer
from hogsend.email.model import Mail
from hogsend.email.providers.resend import Resend
from hogsend.email.templates import Templates

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("has_it", [False, True], ids=["before the provider", "before the record"])
async def test_killed_around_the_provider(database, pool, tmp_path, has_it):
    """Sent again with its key and as it was rendered, when the claim has run out."""
    (tmp_path / "hello.html").write_text("<p>Hello {{ name }}</p>")
    mail = Mail(template="hello", to="ann@example.com", subject="S", props={"name": "changed"})
    remote, asked = ResendServer(), asyncio.Event()
    remote.faults, remote.on_request = ["hang-after" if has_it else "hang"], asked.set
    async with remote.running() as port:
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "tests.fault.mail_victim", database, url, tmp_path]
        victim = await asyncio.create_subprocess_exec(*command, cwd=ROOT)
        await asyncio.wait_for(asked.wait(), 60)
        victim.kill()
        await victim.wait()

        assert len(remote.delivered) == has_it
        provider = Resend("k", url=url)
        mailer = Mailer(pool=pool, templates=Templates(tmp_path), provider=provider)
        with pytest.raises(MailInProgressError):
            await mailer.send(mail, key="k", now=START)
        sent = await mailer.send(mail, key="k", now=START + 2 * CLAIM)
        await provider.close()
    assert sent.status == "sent"
    assert len(remote.requests) == 2
    (body,) = remote.delivered.values()
    assert json.loads(body)["html"] == "<p>Hello Ann</p>"
    assert await pool.fetchval("SELECT attempts FROM email_sends") == 2
