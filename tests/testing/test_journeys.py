"""Journeys in a simulation: the win-back of the guide, and what user code raises."""

from __future__ import annotations

import pytest

from hogsend import days, define_bucket, define_journey, send_email
from hogsend.journeys.errors import StepError
from hogsend.testing import simulate


def went_dormant():
    return define_bucket(
        id="went-dormant",
        name="Went dormant",
        criteria=lambda b: b.all(
            b.event("app.active").exists(),
            b.event("app.active").within(days(7)).not_exists(),
        ),
    )


def win_back(bucket):
    @define_journey(id="win-back", name="Win back", trigger=bucket.entered, exit_on=[bucket.left])
    async def journey(user, ctx):
        await send_email(template="miss-you", props={"day": 0})
        await ctx.sleep(days(3))
        await send_email(template="miss-you", props={"day": 3})

    return journey


@pytest.fixture
def templates(tmp_path):
    (tmp_path / "miss-you.html").write_text(
        "<title>{% block subject %}We miss you, {{ user.id }}: {{ day }}{% endblock %}</title>"
    )
    return tmp_path


async def test_the_win_back_in_virtual_time(templates):
    """Enter, mail, three days, mail; who returns gets no second one."""
    bucket = went_dormant()
    journey = win_back(bucket)
    async with simulate(buckets=[bucket], journeys=[journey], templates=templates) as sim:
        for user in ("ann", "bob"):
            await sim.event(user, "app.active", email=f"{user}@example.org")
        await sim.advance(days(8))
        assert [(mail.to, mail.subject) for mail in sim.emails] == [
            ("ann@example.org", "We miss you, ann: 0"),
            ("bob@example.org", "We miss you, bob: 0"),
        ]
        outcome = await sim.event("bob", "app.active")
        assert [exit_.journey_id for exit_ in outcome.exits] == ["win-back"]
        await sim.advance(days(3))
        assert [(run.user_id, run.status) for run in await sim.runs(journey)] == [
            ("ann", "completed"),
            ("bob", "exited"),
        ]
    assert [(mail.user_id, mail.at.day, mail.status) for mail in sim.emails] == [
        ("ann", 8, "sent"),
        ("bob", 8, "sent"),
        ("ann", 11, "sent"),
    ]


async def test_suppress_keeps_a_gap_between_mails(templates):
    """A mail sooner than that after any other is on record, with the reason, and not sent."""

    @define_journey(id="first", name="First", trigger="go")
    async def first(user, ctx):
        await send_email(template="miss-you", props={"day": 0})

    @define_journey(id="gentle", name="Gentle", trigger="go", suppress=days(2))
    async def gentle(user, ctx):
        await ctx.sleep(days(1))
        await send_email(template="miss-you", props={"day": 1})
        await ctx.sleep(days(1))
        await send_email(template="miss-you", props={"day": 2})

    async with simulate(journeys=[first, gentle], templates=templates) as sim:
        await sim.event("ann", "go", email="ann@example.org")
        await sim.advance(days(2))
        assert [run.status for run in await sim.runs()] == ["completed", "completed"]
    assert [(mail.journey_id, mail.status, mail.reason) for mail in sim.emails] == [
        ("first", "sent", None),
        ("gentle", "suppressed", "suppress: a mail less than 2 days ago"),
        ("gentle", "sent", None),
    ]


async def test_what_user_code_raises_comes_out():
    """At the call that made it run, with a note that says where; the run is tried again."""

    @define_journey(id="broken", name="Broken", trigger="go")
    async def broken(user, ctx):
        await ctx.sleep(days(1))
        if len(tries) == 0:
            tries.append(user.id)
            raise KeyError("plan")

    tries = []
    async with simulate(journeys=[broken]) as sim:
        await sim.event("ann", "go")
        with pytest.raises(KeyError) as error:
            await sim.advance(days(2))
        assert "in the journey 'broken' of user 'ann'" in error.value.__notes__[0]
        assert str(sim.now) == "2026-01-02 00:00:00+00:00"
        await sim.advance(days(1))
        assert [run.status for run in await sim.runs()] == ["completed"]


async def test_a_missing_template_is_an_error_of_the_journey():
    """It names the template."""
    bucket = went_dormant()
    async with simulate(buckets=[bucket], journeys=[win_back(bucket)]) as sim:
        await sim.event("ann", "app.active", email="ann@example.org")
        with pytest.raises(StepError, match="miss-you"):
            await sim.advance(days(8))
