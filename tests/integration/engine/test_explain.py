"""Why a user is in a bucket or not, on the real engine."""

from __future__ import annotations

import pytest
from tests.world import World

from hogsend.buckets.control import BucketControl
from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours
from hogsend.errors import NotFoundError
from hogsend.ops.explain import explain_membership
from hogsend.ops.explain_json import explanation_json
from hogsend.ops.explain_text import notes, summarize


def seen(**options):
    return define_bucket(
        id="seen",
        name="Seen",
        criteria=lambda b: b.event("seen").within(days(7)).exists(),
        **options,
    )


async def deployed(pool, buckets, **options):
    world = World(pool, buckets, **options)
    await world.deploy()
    return world


async def ask(world, user="ann", bucket="seen"):
    return await explain_membership(world.pool, world.registry, bucket, user, world.now)


LAST = "the last one was 8 days ago (2026-01-01 00:00:00 UTC)"


async def test_the_first_reason_and_what_comes_next(pool):
    """In and out, in words, with the history of the stays."""
    world = await deployed(pool, [seen()])
    await world.contact("ann", plan="pro")
    answer = await ask(world)
    assert summarize(answer) == "ann is not in Seen, because: no seen event ever."
    assert notes(answer) == ["If nothing happens, this stays as it is."]
    await world.event("ann", "seen")
    answer = await ask(world)
    assert summarize(answer) == (
        "ann has been in Seen since 2026-01-01 00:00:00 UTC, because: at least 1 seen event in "
        "the last 7 days; the last one was just now (2026-01-01 00:00:00 UTC)."
    )
    assert notes(answer) == [
        "If nothing happens, ann leaves in 7 days (2026-01-08 00:00:00 UTC).",
    ]
    await world.advance(days(8))
    answer = await ask(world)
    assert summarize(answer) == (
        f"ann is not in Seen, because: no seen event in the last 7 days; {LAST}."
    )
    assert [stay.announced for stay in answer.situation.stays] == [True]


async def test_the_json_form(pool):
    """As HTTP.md has it, and the English besides."""
    world = await deployed(pool, [seen()])
    await world.event("ann", "seen", contact={"plan": "pro"})
    told = explanation_json(await ask(world))
    assert (told["matches"], told["isMember"]) == (True, True)
    assert (told["flipsAt"], told["since"]) == ("2026-01-08T00:00:00.000Z", None)
    assert told["text"] == "did seen in the last 7 days"
    assert told["membership"] == told["history"][0]
    assert told["membership"]["enteredAt"] == "2026-01-01T00:00:00.000Z"
    assert told["next"] == [
        {
            "transition": "left",
            "at": "2026-01-08T00:00:00.000Z",
            "reason": "criteria",
            "announced": True,
        }
    ]
    (leaf,) = told["leaves"]
    assert (leaf["path"], leaf["matches"], leaf["observed"], leaf["atLeast"]) == ("", True, 1, True)
    assert leaf["flipsAt"] == told["flipsAt"]


async def test_a_shortest_stay_is_named(pool):
    """A member whose criteria do not hold stays in until it is over."""
    world = await deployed(pool, [seen(min_dwell=days(9))])
    await world.event("ann", "seen")
    await world.advance(days(8))
    answer = await ask(world)
    assert summarize(answer) == (
        "ann is still in Seen since 2026-01-01 00:00:00 UTC although the criteria do not hold: "
        "a stay lasts at least 9 days (min_dwell), until 2026-01-10 00:00:00 UTC. "
        f"The criteria: no seen event in the last 7 days; {LAST}."
    )
    assert notes(answer) == [
        "If nothing happens, ann leaves in 24 hours (2026-01-10 00:00:00 UTC)."
    ]


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"entry_limit": "once"}, "entry_limit once keeps them out for good"),
        (
            {"entry_limit": "once_per_period", "entry_period": days(3)},
            "entry_limit once_per_period keeps them out, until 2026-01-05 00:00:00 UTC",
        ),
    ],
)
async def test_a_time_box_is_named(pool, limits, why):
    """Who left by max_dwell may be barred although the criteria hold."""
    world = await deployed(pool, [seen(max_dwell=days(1), **limits)])
    await world.event("ann", "seen")
    await world.advance(days(2))
    assert (
        "ann is not in Seen although the criteria hold: max_dwell ended the last stay 24 hours "
        f"ago (2026-01-02 00:00:00 UTC), and {why}."
    ) in summarize(await ask(world))


async def test_a_silent_join_is_explained(pool):
    """An entry limit gates the event, of the present stay and of the next."""
    world = await deployed(pool, [seen(entry_limit="once")])
    await world.event("ann", "seen")
    await world.advance(days(8))
    assert "A join would not be announced: entry_limit once, they have been in before." in notes(
        await ask(world)
    )
    await world.event("ann", "seen")
    answer = await ask(world)
    assert "The join was not announced: entry_limit once." in notes(answer)
    assert [stay.announced for stay in answer.situation.stays] == [False, True]


async def test_a_pause_is_named(pool):
    """Membership stays as it is, whatever the criteria say."""
    world = await deployed(pool, [seen()])
    await world.event("ann", "seen")
    await world.override("seen", enabled=False)
    await world.advance(days(8))
    answer = await ask(world)
    assert (
        "although the criteria do not hold: the bucket is paused (an operator paused it; resume it "
        "with `hogsend buckets enable seen`)"
    ) in summarize(answer)
    (note,) = notes(answer)
    assert note.startswith("The bucket is paused (an operator")
    for options, who in (
        ({"enabled": False}, "the code says enabled=False"),
        ({}, "ENABLED_BUCKETS of the processes that run does not name it"),
    ):
        await world.override("seen", enabled=None)
        other = World(pool, [seen(**options)], start=world.now)
        other.control = BucketControl(
            pool=pool, clock=other.clock, registry=other.registry, chosen=frozenset()
        )
        await other.control.register()
        assert who in summarize(await ask(other))


async def test_a_bucket_that_has_yet_to_catch_up_is_named(pool):
    """New, edited and not deployed, being built: each is said."""
    await World(pool, []).event("ann", "seen")
    world = World(pool, [seen()])
    assert "the bucket was never evaluated" in summarize(await ask(world))
    await world.start()
    assert "the bucket is catching up with its definition (0%)" in summarize(await ask(world))
    await world.run_jobs()
    assert notes(await ask(world)) == [
        "If nothing happens, ann leaves in 7 days (2026-01-08 00:00:00 UTC).",
        "The join was silent, as with every backfill.",
    ]
    edited = define_bucket(
        id="seen", name="Seen", criteria=lambda b: b.event("seen").within(days(9)).exists()
    )
    answer = await ask(World(pool, [edited], start=world.now))
    assert notes(answer)[0] == ("The processes that run have other criteria; see `hogsend plan`.")
    assert explanation_json(answer)["outdated"]


async def test_what_is_due_is_told_from_what_is_amiss(pool):
    """A timer that waits for a worker, a bucket that waits for reconcile, and drift."""
    world = await deployed(pool, [seen()])
    await world.event("ann", "seen")
    world.clock.set(world.now + days(7))
    assert "it is being settled just now" in summarize(await ask(world))
    world.clock.set(world.now + hours(2))
    assert "it was due 2 hours ago (2026-01-08 00:00:00 UTC); is a worker running?" in summarize(
        await ask(world)
    )
    await pool.execute("DELETE FROM bucket_timers")
    assert "the next audit will repair it" in summarize(await ask(world))
    slow = World(pool, [seen(fast_expiry=False)], start=world.now)
    assert "it has fast_expiry=False" in summarize(await ask(slow))


async def test_users_are_found_by_mail_too(pool):
    """In any case, as events are; an unknown one is an error that names a near one."""
    world = await deployed(pool, [seen()])
    await world.events([{"email": "Ann@x.org", "name": "seen"}])
    answer = await ask(world, "ANN@x.org")
    assert (answer.user_id, answer.is_member) == ("ann@x.org", True)
    with pytest.raises(NotFoundError, match=r"no contact 'ann@x.or'. Did you mean 'ann@x.org'"):
        await ask(world, "ann@x.or")
    with pytest.raises(NotFoundError, match=r"no bucket 'sen'. Did you mean 'seen'"):
        await ask(world, bucket="sen")


async def test_deleted_contacts_and_retired_buckets_have_a_history(pool):
    """There are no criteria to judge, but there were stays."""
    world = await deployed(pool, [seen()])
    await world.event("ann", "seen")
    await pool.execute("UPDATE bucket_configs SET retired_at = $1", world.now)
    answer = await ask(World(pool, [], start=world.now))
    assert summarize(answer) == (
        "ann is in Seen since 2026-01-01 00:00:00 UTC; this code does not define the bucket, so it "
        "cannot say why."
    )
    assert notes(answer) == ["The bucket is retired: it is in no running process's code."]
    assert explanation_json(answer)["matches"] is None
    await world.engine.ingest.delete_contact("ann")
    answer = await ask(world)
    assert summarize(answer) == "ann is not in Seen: the contact was deleted."
    assert answer.situation.stays[0].membership.reason == "deleted"
