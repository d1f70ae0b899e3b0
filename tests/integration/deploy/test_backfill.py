"""A deploy: buckets that are new or other ones, and the memberships that catch up."""

from __future__ import annotations

from datetime import timedelta

from tests.world import START, World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours

_SEEN = timedelta(0)


def trial(plan="trial", **arguments):
    return define_bucket(
        id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq(plan), **arguments
    )


def dormant(**arguments):
    return define_bucket(
        id="dormant",
        name="Dormant",
        criteria=lambda b: b.all(
            b.event("act").exists(), b.event("act").within(days(7)).not_exists()
        ),
        **arguments,
    )


async def populate(world):
    for user, plan in (("ann", "trial"), ("bob", "pro"), ("cyd", "trial")):
        await world.contact(user, plan=plan)


async def stays(world, bucket_id="trial"):
    rows = await world.pool.fetch(
        "SELECT * FROM bucket_memberships WHERE bucket_id = $1 ORDER BY user_id, entry_count",
        bucket_id,
    )
    return [dict(row) for row in rows]


async def jobs(world):
    rows = await world.pool.fetch("SELECT * FROM bucket_jobs ORDER BY id")
    return [
        (row["kind"], row["status"], row["done"], row["joined"], row["left_count"]) for row in rows
    ]


async def timers(world):
    return {
        row["user_id"]: row["due_at"]
        for row in await world.pool.fetch("SELECT * FROM bucket_timers")
    }


async def test_a_new_bucket_is_filled_silently(pool):
    """Whoever matches is a member afterwards, of source ``backfill``; nothing is announced."""
    world = World(pool, [])
    await populate(world)
    await world.deploy([trial()])
    assert await world.members("trial") == {"ann", "cyd"}
    assert {(stay["source"], stay["entry_count"]) for stay in await stays(world)} == {
        ("backfill", 1)
    }
    assert await world.transitions() == []
    assert await jobs(world) == [("backfill", "done", 3, 2, 0)]


async def test_a_second_start_with_the_same_code_does_nothing(pool):
    """Neither a job nor a look at anybody."""
    world = World(pool, [])
    await populate(world)
    await world.deploy([trial()])
    await world.deploy([trial()])
    assert len(await jobs(world)) == 1
    assert world.registry.building == {}


async def test_on_an_empty_database_there_is_nothing_to_do(pool):
    """The bucket is live at once, and the first join is announced."""
    world = World(pool, [trial()])
    await world.start()
    assert world.registry.building == {}
    await world.contact("ann", plan="trial")
    assert [seen.kind for seen in await world.transitions()] == ["entered"]


async def test_the_clock_moves_those_who_were_filled_in(pool):
    """Members have their next instant, and so have those who will join; both are announced."""
    world = World(pool, [])
    await world.event("ann", "act")
    await world.advance(days(5))
    await world.event("bob", "act")
    await world.advance(days(5))
    await world.deploy([dormant()])
    assert await world.members("dormant") == {"ann"}
    [stay] = await stays(world, "dormant")
    assert stay["dwell_anchor_at"] == START + days(7)
    assert stay["entered_at"] == START + days(10)
    assert stay["expires_at"] is None
    assert await timers(world) == {"bob": START + days(12)}
    await world.advance(days(3))
    assert [(seen.user_id, seen.at) for seen in await world.transitions()] == [
        ("bob", START + days(12))
    ]


async def test_changed_criteria_let_members_leave_aloud_and_others_join_silently(pool):
    """Leaves are announced, each once, joins are not; the old stay keeps its count."""
    world = World(pool, [trial()])
    await world.start()
    await populate(world)
    await world.advance(hours(1))
    await world.deploy([trial("pro")])
    assert await world.members("trial") == {"bob"}
    seen = [(s.user_id, s.kind, s.reason, s.at) for s in await world.transitions()]
    assert seen[2:] == [
        ("ann", "left", "criteria", START + hours(1)),
        ("cyd", "left", "criteria", START + hours(1)),
    ]
    sources = await pool.fetch(
        "SELECT properties ->> 'source' FROM user_events WHERE event = 'bucket:left'"
    )
    assert {row[0] for row in sources} == {"backfill"}
    assert (await jobs(world))[-1] == ("reevaluate", "done", 3, 1, 2)
    await world.deploy([trial()])
    assert [(s["user_id"], s["entry_count"], s["status"]) for s in await stays(world)] == [
        ("ann", 1, "left"),
        ("ann", 2, "active"),
        ("bob", 1, "left"),
        ("cyd", 1, "left"),
        ("cyd", 2, "active"),
    ]


async def test_a_shortest_stay_defers_the_leave_of_a_changed_bucket(pool):
    """``min_dwell`` holds for leaves by a deploy, too."""
    world = World(pool, [trial(min_dwell=days(3))])
    await world.start()
    await populate(world)
    await world.deploy([trial("pro", min_dwell=days(3))])
    assert await world.members("trial") == {"ann", "bob", "cyd"}
    await world.advance(days(3))
    assert await world.members("trial") == {"bob"}
    assert [s.at for s in await world.transitions()][2:] == [START + days(3)] * 2


async def test_limits_that_are_new_hold_for_present_members(pool):
    """Longest stays and dwells count from the stay's beginning; what is over is over now."""
    world = World(pool, [trial()])
    await world.start()
    await world.contact("ann", plan="trial")
    await world.advance(days(10))
    await world.contact("bob", plan="trial")
    await world.deploy(
        [trial(max_dwell=days(10), entry_limit="once").schedule_dwell(after=days(4))]
    )
    assert await world.members("trial") == {"ann", "bob"}
    [ann, bob] = await stays(world)
    assert ann["expires_at"] == world.now
    assert bob["expires_at"] == world.now + days(4)
    await world.advance(days(0))
    assert await world.members("trial") == {"bob"}
    await world.advance(days(10))
    assert [(s.user_id, s.reason, s.at) for s in await world.transitions()][2:] == [
        ("ann", "max_dwell", START + days(10)),
        ("bob", "max_dwell", START + days(20)),
    ]
    dwells = await pool.fetch("SELECT user_id FROM user_events WHERE event LIKE 'bucket:dwell:%'")
    assert [row[0] for row in dwells] == ["bob"]


async def test_who_is_barred_is_not_filled_in(pool):
    """After a longest stay, ``once`` keeps people out whatever a job finds."""
    bucket = trial(max_dwell=days(1), entry_limit="once")
    world = World(pool, [bucket])
    await world.start()
    await world.contact("ann", plan="trial")
    await world.advance(days(2))
    assert await world.members("trial") == set()
    await world.reevaluate("trial")
    await world.run_jobs()
    assert await world.members("trial") == set()
    await world.deploy([trial(max_dwell=days(1))])
    assert await world.members("trial") == {"ann"}


async def test_entry_limits_count_silent_stays(pool):
    """Who was filled in has been there: with ``once`` the next join is silent."""
    world = World(pool, [])
    await world.contact("ann", plan="trial")
    await world.deploy([trial(entry_limit="once")])
    await world.contact("ann", plan="pro")
    await world.contact("ann", plan="trial")
    assert [s.kind for s in await world.transitions()] == ["left"]
    assert await world.members("trial") == {"ann"}
