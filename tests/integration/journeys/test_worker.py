"""The win-back of the guide on the real clock, with parts of a second, through client and worker."""

from __future__ import annotations

import asyncio

from pydantic import SecretStr

from hogsend.app.client import create_client
from hogsend.app.worker import create_worker
from hogsend.buckets.definition import define_bucket
from hogsend.durations import seconds
from hogsend.email.providers.console import Console
from hogsend.email.sending import send_email
from hogsend.events.parse import parse_event
from hogsend.journeys.definition import define_journey
from hogsend.settings import Settings

WINDOW = seconds(0.5)


async def test_the_win_back_on_the_real_clock(database, tmp_path):
    """Dormant, mail, a while, mail; who comes back in between gets no second one."""
    (tmp_path / "hello.html").write_text("<title>{% block subject %}{{ n }}{% endblock %}</title>")
    dormant = define_bucket(
        id="dormant",
        name="Dormant",
        criteria=lambda b: b.all(
            b.event("act").exists(), b.event("act").within(WINDOW).not_exists()
        ),
    )
    first = {"ann": asyncio.Event(), "bob": asyncio.Event()}

    @define_journey(id="win-back", name="Win back", trigger=dormant.entered, exit_on=[dormant.left])
    async def win_back(user, ctx):
        await send_email(template="hello", props={"n": 1})
        first[user.id].set()
        await ctx.sleep(seconds(2))
        await send_email(template="hello", props={"n": 2})

    client = create_client(
        buckets=[dormant],
        journeys=[win_back],
        templates=tmp_path,
        mail_provider=Console(quiet=True),
        settings=Settings(database_url=SecretStr(database)),
    )
    worker = create_worker(client)
    await worker.start()

    async def act(user):
        item = {"userId": user, "name": "act", "email": f"{user}@example.org"}
        return await client.engine.submit([parse_event(item, client.clock.now())])

    await asyncio.gather(act("ann"), act("bob"))
    async with asyncio.timeout(20):
        await asyncio.gather(*(event.wait() for event in first.values()))
        [outcome] = await act("bob")
        assert [exit_.journey_id for exit_ in outcome.exits] == ["win-back"]
        pool = client.engine.pool
        done = "SELECT status FROM journey_states WHERE user_id = 'ann'"
        while await pool.fetchval(done) != "completed":  # noqa: ASYNC110 - rows send no signal
            await asyncio.sleep(0.05)
    rows = await pool.fetch("SELECT user_id, subject FROM email_sends ORDER BY user_id, id")
    ann = [row["subject"] for row in rows if row["user_id"] == "ann"]
    assert ann == ["1", "2"]
    assert [row["subject"] for row in rows if row["user_id"] == "bob"][:1] == ["1"]
    await worker.stop()
