"""A mailer on a real database, with a provider that the test is in control of."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.world import START

from hogsend.email.errors import TransientMailError
from hogsend.email.mailer import Mailer
from hogsend.email.model import Mail
from hogsend.email.policy import MailPolicy
from hogsend.email.templates import Templates


class Post:
    """A provider: takes each key once, remembers every call, and fails as it is told."""

    name = "post"

    def __init__(self):
        self.calls = []
        self.delivered = {}
        self.faults = []
        self.lost_answers = 0
        self.turns = []
        self.arrived = asyncio.Event()
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, message):
        self.calls.append(message)
        self.arrived.set()
        if self.faults:
            raise self.faults.pop(0)
        if self.turns:
            await self.turns.pop(0)
        self.delivered.setdefault(message.key, message)
        await self.gate.wait()
        if self.lost_answers:
            self.lost_answers -= 1
            raise TransientMailError("the answer got lost")
        return f"post-{message.id}"

    async def close(self):
        pass


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def templates(tmp_path):
    (tmp_path / "hello.html").write_text(
        "<title>{% block subject %}Hello {{ name }}{% endblock %}</title><p>Hello {{ name }}</p>"
        '{% if unsubscribe_url %}<a href="{{ unsubscribe_url }}">Stop</a>{% endif %}'
    )
    (tmp_path / "profile.html").write_text("{{ user.properties.plan }} {{ user.id }}")
    return Templates(tmp_path)


@pytest.fixture
async def people(pool):
    await pool.execute(
        "INSERT INTO contacts (user_id, email, properties, created_at, updated_at) VALUES "
        "('ann', 'Ann@example.com', $1, $2, $2), ('bob', NULL, $1, $2, $2)",
        {"plan": "pro"},
        START,
    )


class Office:
    """Sends mail, and looks at what is on record."""

    def __init__(self, pool, templates, post):
        self.pool = pool
        self.templates = templates
        self.post = post
        self.policy = MailPolicy(public_url="https://example.com")
        self.now = START
        self.retry_delays = (0, 0)

    def mailer(self, **policy):
        return Mailer(
            pool=self.pool,
            templates=self.templates,
            provider=self.post,
            policy=replace(self.policy, **policy),
            retry_delays=self.retry_delays,
        )

    async def send(self, key="k", *, mailer=None, **mail):
        mail = {"template": "hello", "user_id": "ann", "props": {"name": "Ann"}, **mail}
        return await (mailer or self.mailer()).send(Mail(**mail), key=key, now=self.now)

    async def rows(self):
        return await self.pool.fetch("SELECT * FROM email_sends ORDER BY id")

    async def statuses(self):
        return [(row["status"], row["reason"]) for row in await self.rows()]


@pytest.fixture
def office(pool, templates, post, people):
    return Office(pool, templates, post)
