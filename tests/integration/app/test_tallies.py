"""Counters say what a recount would say, at any instant, whoever writes and adds up meanwhile."""

from __future__ import annotations

import asyncio

from tests.world import World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours
from hogsend.journeys.definition import define_journey
from hogsend.runtime.tallies import Tallier

_RECOUNT = """
    SELECT 'contact', '', date_trunc('hour', created_at, 'UTC'), count(*) FROM contacts GROUP BY 3
    UNION ALL
    SELECT CASE WHEN event LIKE 'bucket:%' THEN 'event.transition' ELSE 'event' END, event,
           date_trunc('hour', occurred_at, 'UTC'), count(*) FROM user_events GROUP BY 2, 3
    UNION ALL
    SELECT 'stay.entered', bucket_id, date_trunc('hour', entered_at, 'UTC'), count(*)
    FROM bucket_memberships GROUP BY 2, 3
    UNION ALL
    SELECT 'stay.left', bucket_id, date_trunc('hour', left_at, 'UTC'), count(*)
    FROM bucket_memberships WHERE status = 'left' GROUP BY 2, 3
    UNION ALL
    SELECT 'stay.dwell_ms', bucket_id, date_trunc('hour', left_at, 'UTC'),
           sum((extract(epoch FROM left_at - entered_at) * 1000)::bigint)
    FROM bucket_memberships WHERE status = 'left' AND left_at > entered_at GROUP BY 2, 3
    UNION ALL
    SELECT 'run', journey_id, date_trunc('hour', created_at, 'UTC'), count(*)
    FROM journey_states GROUP BY 2, 3
    UNION ALL
    SELECT 'run.' || status, journey_id, '-infinity', count(*) FROM journey_states GROUP BY 1, 2
"""
_KEPT = """
    SELECT measure, id, hour, sum(amount) FROM tally_hours GROUP BY 1, 2, 3 HAVING sum(amount) <> 0
    UNION ALL
    SELECT measure, id, '-infinity', amount FROM tally_totals
    WHERE measure LIKE 'run.%' AND amount <> 0
"""


async def recounted(pool):
    """Every count by the hour, and every total, from the rows themselves."""
    hourly = {tuple(row) for row in await pool.fetch(_RECOUNT)}
    totals = {}
    for measure, id_, _, amount in hourly:
        totals[measure, id_] = totals.get((measure, id_), 0) + amount
    return hourly, totals


async def kept(pool):
    """The same from the tallies."""
    rows = await pool.fetch("SELECT * FROM tally_totals WHERE amount <> 0")
    return (
        {tuple(row) for row in await pool.fetch(_KEPT)},
        {(row["measure"], row["id"]): row["amount"] for row in rows},
    )


def active():
    return define_bucket(
        id="active", name="Active", criteria=lambda b: b.event("act").within(days(2)).exists()
    )


@define_journey(id="tour", name="Tour", trigger="bucket:entered:active")
async def tour(user, ctx):
    await ctx.sleep(hours(1))


async def test_tallies_say_what_a_recount_says(pool):
    """After joins, leaves, runs, a deletion and an erasure; added up or not, wholly or in part."""
    world = World(pool, [active()], [tour])
    for name in ("ann", "bob", "cyd"):
        await world.event(name, "act", {}, {"plan": "pro"})
        await world.advance(hours(7))
    await world.advance(days(3))
    await world.event("ann", "act")
    await world.event("dan", "act")
    await world.engine.ingest.delete_contact("ann", erase=False)
    await world.engine.ingest.delete_contact("bob", erase=True)
    expected = await recounted(pool)
    assert {measure for measure, *_ in expected[0]} >= {"stay.dwell_ms", "run.completed"}
    assert await kept(pool) == expected
    assert await Tallier(pool=pool, at_once=3).run_once() == 0
    assert await kept(pool) == expected
    assert await Tallier(pool=pool).run_once() > 0
    assert await pool.fetchval("SELECT count(*) FROM tally_changes") == 0
    assert await kept(pool) == expected


async def test_writers_and_adders_side_by_side_lose_nothing(pool):
    """Several of each at once."""
    world = World(pool, [active()])

    async def write(writer):
        for number in range(20):
            await world.event(f"user_{writer}_{number % 7}", "act")

    async def add_up():
        for _ in range(20):
            await Tallier(pool=pool, at_once=5).run_once()

    await asyncio.gather(*(write(writer) for writer in range(3)), add_up(), add_up())
    assert await kept(pool) == await recounted(pool)


async def test_an_emptied_table_counts_nothing(pool):
    """TRUNCATE forgets the counts of that table, and of no other."""
    await World(pool, [active()]).event("ann", "act")
    await Tallier(pool=pool).run_once()
    await World(pool, [active()]).event("bob", "act")
    await pool.execute("TRUNCATE bucket_memberships, user_events")
    assert (await kept(pool))[1] == {("contact", ""): 2}
