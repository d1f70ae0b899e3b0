"""Reactions of a bucket: journeys of its own."""

from __future__ import annotations

import pytest
from tests.world import START, World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours
from hogsend.errors import DefinitionError


def trial():
    return define_bucket(id="trial", name="Trial", criteria=lambda b: b.prop("plan").eq("trial"))


def noting(calls, kind, **sleep):
    async def react(user, ctx):
        calls.append((kind, user.id, ctx.entry_count, ctx.reason, ctx.dwell_count))
        if sleep:
            await ctx.sleep(**sleep)
            calls.append((f"{kind} done", user.id))

    return react


async def test_enter_leave_and_dwell(pool):
    """Each transition starts its reaction, with what is known about it."""
    calls = []
    bucket = (
        trial()
        .on("enter", noting(calls, "enter"))
        .on("leave", noting(calls, "leave"), reason="criteria")
        .on("dwell", noting(calls, "dwell"), after=days(2))
    )

    @bucket.on("dwell", every=days(1), label="daily")
    async def daily(user, ctx):
        calls.append(("daily", ctx.dwell_count))

    world = World(pool, buckets=[bucket])
    await world.contact("ann", plan="trial")
    await world.advance(days(2))
    await world.contact("ann", plan="pro")
    await world.settle()
    assert sorted(calls, key=str) == [
        ("daily", 1),
        ("daily", 2),
        ("dwell", "ann", 1, None, 1),
        ("enter", "ann", 1, None, None),
        ("leave", "ann", 1, "criteria", None),
    ]
    assert sorted(set(await world.runs("journey_id"))) == [
        "bucket-trial-on-dwell-after-2-days",
        "bucket-trial-on-dwell-daily",
        "bucket-trial-on-enter",
        "bucket-trial-on-leave",
    ]


async def test_filters_leave_a_record(pool):
    """``first_entry_only`` and ``reason`` end the run at its start, with the reason why."""
    calls = []
    bucket = trial().on("enter", noting(calls, "enter"), first_entry_only=True)
    bucket.on("leave", noting(calls, "leave"), reason=["max_dwell"])
    world = World(pool, buckets=[bucket])
    for plan in ("trial", "pro", "trial"):
        await world.contact("ann", plan=plan)
        await world.settle()
    assert [call[0] for call in calls] == ["enter"]
    assert await world.runs("status, exit_reason") == [
        ("completed", None),
        ("exited", "left for another reason: criteria"),
        ("exited", "not the first entry"),
    ]


async def test_a_reaction_ends_with_the_stay(pool):
    """One to a join does; one to a leave goes on, and another leave meanwhile is noted."""
    calls = []
    bucket = trial().on("enter", noting(calls, "enter", duration=days(5)))
    bucket.on("leave", noting(calls, "leave", duration=days(5)))
    world = World(pool, buckets=[bucket])
    for plan in ("trial", "pro", "trial", "pro"):
        await world.contact("ann", plan=plan)
        await world.settle()
        await world.advance(hours(1))
    assert [call[:3] for call in calls] == [
        ("enter", "ann", 1),
        ("leave", "ann", 1),
        ("enter", "ann", 2),
    ]
    assert await world.runs("journey_id, status, exit_reason") == [
        ("bucket-trial-on-enter", "exited", "bucket:left:trial"),
        ("bucket-trial-on-leave", "waiting", None),
        ("bucket-trial-on-enter", "exited", "bucket:left:trial"),
    ]
    assert await world.skips() == [("ann", "bucket-trial-on-leave", "already_active", 1)]
    await world.advance(days(6))
    assert calls[-1] == ("leave done", "ann")


async def test_reactions_go_by_their_bucket(pool):
    """Paused with it; the unsubscribed are not left out."""
    calls = []
    bucket = trial().on("enter", noting(calls, "enter", duration=days(1)))
    world = World(pool, buckets=[bucket])
    await pool.execute(
        "INSERT INTO email_preferences (user_id, unsubscribed_at, updated_at) "
        "VALUES ('ann', $1, $1)",
        START,
    )
    await world.contact("ann", plan="trial")
    await world.settle()
    world.registry.set_live([])
    await world.advance(days(2))
    assert await world.runs() == ["waiting"]
    world.registry.set_live(["trial"])
    await world.settle()
    assert [call[0] for call in calls] == ["enter", "enter", "enter done"]


@pytest.mark.parametrize(
    ("use", "message"),
    [
        (lambda b, f: b.on("enter", f).on("enter", f), "write a journey"),
        (lambda b, f: b.on("join", f), "takes one of enter, leave, dwell; got 'join'"),
        (lambda b, f: b.on("enter", f, after=days(1)), "are for 'dwell'"),
        (lambda b, f: b.on("enter", f, reason="criteria"), "reason is for 'leave'"),
        (lambda b, f: b.on("leave", f, reason="boredom"), "'boredom' is no reason"),
        (lambda b, f: b.on("enter", lambda user, ctx: None), "is not async"),
        (lambda b, f: b.on("dwell", f), "a dwell takes one of"),
    ],
)
def test_what_cannot_be_is_an_error(use, message):
    """It names the bucket and says what to do."""
    with pytest.raises(DefinitionError, match=message) as error:
        use(trial(), noting([], "x"))
    assert "bucket 'trial'" in str(error.value)
