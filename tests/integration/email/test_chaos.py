"""Whatever goes wrong while mail is sent: at most one delivery a key, and a record that is true."""

from __future__ import annotations

import asyncio
import random

import pytest

from hogsend.email.errors import MailError, PermanentMailError, TransientMailError
from hogsend.email.mailer import CLAIM

KEYS = [f"key {n}" for n in range(5)]


class Disturbed:
    """Sends the same few mails from several places at once, and disturbs what it can."""

    def __init__(self, office, seed):
        self.office = office
        self.chance = random.Random(seed)
        self.tasks = []
        self.mailers = []

    def act(self):
        match self.chance.choice(["send"] * 6 + ["cancel", "die", "later", "busy", "lost", "no"]):
            case "send":
                self.send()
            case "cancel" if self.tasks:
                self.chance.choice(self.tasks).cancel()
            case "die" if self.tasks:
                self.die(self.chance.randrange(len(self.tasks)))
            case "later":
                self.office.now += CLAIM * self.chance.choice([0.1, 2])
            case "busy":
                self.office.post.faults.append(TransientMailError("busy"))
            case "lost":
                self.office.post.lost_answers += 1
            case "no":
                self.office.post.faults.append(PermanentMailError("no"))

    def send(self):
        self.mailers.append(self.office.mailer())
        key, name = self.chance.choice(KEYS), len(self.tasks)
        sending = self.office.send(key, mailer=self.mailers[-1], props={"name": name})
        self.tasks.append(asyncio.create_task(sending))

    def die(self, place):
        """A process that is killed gives no claim back."""

        async def nothing(*_):
            pass

        self.mailers[place]._release = nothing
        self.tasks[place].cancel()

    async def run(self):
        for _ in range(60):
            self.act()
            for _ in range(self.chance.randrange(20)):
                await asyncio.sleep(0)
        return await asyncio.gather(*self.tasks, return_exceptions=True)


@pytest.mark.parametrize("seed", range(6))
async def test_one_delivery_a_key_and_a_true_record(office, post, seed):
    """What is on record as sent was delivered, as it is on record; nothing else raises."""
    outcomes = await Disturbed(office, seed).run()
    expected = (MailError, asyncio.CancelledError)
    assert not [o for o in outcomes if isinstance(o, BaseException) and not isinstance(o, expected)]

    post.faults, post.lost_answers = [], 0
    office.now += 10 * CLAIM
    final = {key: await office.send(key) for key in KEYS}
    rows = {row["idempotency_key"]: row for row in await office.rows()}
    for key, sent in final.items():
        calls = [message for message in post.calls if message.id == sent.id]
        assert len({(message.key, message.content.html) for message in calls}) <= 1
        assert sent.status in {"sent", "failed"}
        if sent.status == "sent":
            delivered = post.delivered[f"hogsend/{sent.id}"]
            assert delivered.content.html == rows[key]["html"]
    assert len(post.delivered) <= len(KEYS)
    assert {message.id for message in post.calls} <= {sent.id for sent in final.values()}
