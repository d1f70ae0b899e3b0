"""``expires_at`` of a member: the next instant at which something is scheduled for them."""

from __future__ import annotations

import pytest
from tests.world import START, World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours


def trial(**limits):
    return define_bucket(
        id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial"), **limits
    )


RECENT = define_bucket(
    id="recent", name="Recent", criteria=lambda b: b.event("act").within(days(7)).exists()
)


async def expiries(world):
    """Of all stays, in order; a member's is what the timer says, too."""
    rows = await world.pool.fetch(
        "SELECT status, expires_at, due_at FROM bucket_memberships "
        "LEFT JOIN bucket_timers USING (user_id, bucket_id) ORDER BY user_id, entry_count"
    )
    assert all(row["expires_at"] == row["due_at"] for row in rows if row["status"] == "active")
    return [row["expires_at"] for row in rows]


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        (trial(), None),
        (trial(max_dwell=days(14)), START + days(14)),
        (trial(max_dwell=days(14)).schedule_dwell(after=days(3)), START + days(3)),
        (trial().schedule_dwell(every=days(2)), START + days(2)),
        (RECENT, START + days(7)),
    ],
)
async def test_a_new_member_expires_when_something_is_next(pool, bucket, expected):
    """The end of the window, the longest stay, or a dwell; nothing scheduled is None."""
    world = World(pool, [bucket])
    await world.event("ann", "act", contact={"plan": "trial"})
    assert await expiries(world) == [expected]


async def test_it_follows_what_happens(pool):
    """A dwell that fired gives way to the next, a deferred leave to the end of its deferment."""
    world = World(pool, [trial(min_dwell=days(5)).schedule_dwell(every=days(2))])
    await world.contact("ann", plan="trial")
    await world.advance(days(3))
    assert await expiries(world) == [START + days(4)]
    await world.contact("ann", plan="pro")
    await world.advance(days(1))
    assert await expiries(world) == [START + days(5)]
    await world.contact("ann", plan="trial")
    await world.advance(days(1))
    assert await expiries(world) == [START + days(6)]
    await world.contact("ann", plan="pro")
    assert await expiries(world) == [None]


async def test_activity_postpones_it_once_it_is_reached(pool):
    """An event in the window writes nothing; at the old instant the new one is noted."""
    world = World(pool, [RECENT])
    await world.event("ann", "act")
    await world.advance(days(3))
    await world.event("ann", "act")
    assert await expiries(world) == [START + days(7)]
    await world.advance(days(4))
    assert await expiries(world) == [START + days(10)]


async def test_an_earlier_end_is_never_hidden_by_an_older_timer(pool):
    """She was watched for another reason before she joined; then her year is cut short."""
    bucket = define_bucket(
        id="lively",
        name="Ends soon, or quiet",
        criteria=lambda b: b.any(
            b.prop("ends").within_next(days(365)),
            b.all(b.event("act").exists(), b.event("act").within(days(7)).not_exists()),
        ),
    )
    world = World(pool, [bucket])
    await world.event("ann", "act")
    await world.advance(hours(1))
    await world.contact("ann", ends=(START + days(200)).isoformat())
    assert await expiries(world) == [START + days(200)]
    await world.event("ann", "act")
    await world.contact("ann", ends=(START + days(8)).isoformat())
    assert await expiries(world) == [START + days(8)]


async def test_limits_that_go_and_come_are_shown(pool):
    """A deploy drops the time-box, the next one adds a dwell behind where the box ended."""
    world = World(pool)
    await world.deploy([trial(max_dwell=days(14))])
    await world.contact("ann", plan="trial")
    await world.deploy([trial()])
    assert await expiries(world) == [None]
    await world.deploy([trial().schedule_dwell(after=days(20))])
    assert await expiries(world) == [START + days(20)]
