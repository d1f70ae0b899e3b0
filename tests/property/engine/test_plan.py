"""What the plan says is what the deploy then does, person by person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.criteria.strategies import BASE, WINDOWS, Case, batches, examples, trees
from tests.world import World

from hogsend.buckets.definition import Bucket, BucketMeta, DwellSchedule
from hogsend.buckets.plan import Change
from hogsend.db.pool import create_pool
from hogsend.declarations import EntryLimit
from hogsend.events.model import NewEvent, Write
from hogsend.journeys.registry import Registry as JourneyRegistry
from hogsend.ops.plan import make_plan

durations = st.none() | st.sampled_from(WINDOWS[:5])
dwells = st.just(()) | st.sampled_from(WINDOWS[:5]).flatmap(
    lambda duration: st.sampled_from(
        [
            (DwellSchedule(label="after", after=duration),),
            (DwellSchedule(label="every", every=max(duration, timedelta(minutes=4))),),
        ]
    )
)
metas = st.builds(
    BucketMeta,
    id=st.just("b"),
    name=st.just("B"),
    criteria=trees(3, lively=True),
    entry_limit=st.sampled_from(EntryLimit),
    entry_period=durations,
    min_dwell=durations,
    max_dwell=durations,
    dwells=dwells,
)
MEMBERS = "SELECT user_id FROM bucket_memberships WHERE status = 'active' ORDER BY user_id"
TOLD = (
    "SELECT user_id, properties FROM user_events WHERE event IN ('bucket:entered', 'bucket:left') "
    "OR event LIKE 'bucket:dwell:b:%' ORDER BY id"
)

LATENESS = [timedelta(minutes=minutes) for minutes in (5, 12, 26)]


def writes_of(people: list[Case]) -> list[Write]:
    """Everybody's properties and history."""
    writes = []
    for number, person in enumerate(people):
        writes.append(Write(user_id=f"u{number:02}", patch=person.properties))
        writes += [
            Write(
                user_id=f"u{number:02}",
                event=NewEvent(name=event.name, properties=event.properties, occurred_at=event.at),
            )
            for event in person.history
        ]
    return writes


def lateness(write: Write) -> timedelta:
    """When a write arrives: soon after what it tells of."""
    if write.event is None:
        return LATENESS[0]
    return next(late for late in LATENESS if write.event.occurred_at <= BASE + late)


class Planner:
    """Plays a script, plans an edit, deploys it, and compares."""

    def __init__(self, runner, pool):
        self.run = runner.run
        self.pool = pool

    async def check(self, before, after, people):
        await self.pool.execute(
            "TRUNCATE contacts, user_events, bucket_memberships, bucket_timers, bucket_configs, "
            "bucket_jobs"
        )
        world = World(self.pool, [Bucket(before)], start=BASE)
        await world.deploy()
        writes, now = writes_of(people), max(person.now for person in people)
        for late, group in groupby(sorted(writes, key=lateness), key=lateness):
            await world.time.advance_to(BASE + late)
            await world.engine.ingest.write(list(group))
        await world.time.advance_to(max(BASE + LATENESS[-1], now))
        members, told = await self.members(), await self.told()
        planned = await self.plan(world, after)
        assert planned.members == len(members)
        await world.deploy([Bucket(after)])
        await world.advance(timedelta(0))
        then = await self.members()
        news = (await self.told())[len(told) :]
        assert planned.after == len(then)
        left = [user for user, what in news if what["transition"] == "left"]
        entered = [user for user, what in news if what["transition"] == "entered"]
        dwelt = {user for user, what in news if what["transition"] == "dwell"}
        forecast = planned.forecast
        assert list(forecast.leaving) == sorted(left)
        assert list(forecast.joining) == sorted(then - members - set(entered))
        assert (forecast.joins, forecast.leaves) == (len(forecast.joining), len(left))
        assert forecast.times_out == sum(
            what.get("reason") == "max_dwell" for _, what in news if what["transition"] == "left"
        )
        assert (forecast.returns, forecast.dwells) == (len(entered), len(dwelt))
        again = await self.plan(world, after)
        assert (again.change, again.changes, again.after) == (Change.UNCHANGED, False, len(then))

    async def plan(self, world, meta):
        registry = World(self.pool, [Bucket(meta)], start=world.now).registry
        made = await make_plan(
            self.pool, registry, JourneyRegistry(()), chosen=None, now=world.now, samples=100
        )
        (planned,) = made.buckets
        return planned

    async def members(self):
        return {row["user_id"] for row in await self.pool.fetch(MEMBERS)}

    async def told(self):
        return [(row["user_id"], row["properties"]) for row in await self.pool.fetch(TOLD)]


@pytest.fixture
def planner(database):
    with asyncio.Runner() as runner:
        pool = runner.run(create_pool(database, min_size=1, max_size=2))
        yield Planner(runner, pool)
        runner.run(pool.close())


def check(planner: Planner, number: int) -> None:
    @given(before=metas, after=metas, same_criteria=st.booleans(), people=batches(16))
    @examples(number)
    def run(before, after, same_criteria, people):
        if same_criteria:
            after = replace(after, criteria=before.criteria)
        planner.run(planner.check(before, after, people))

    run()


def test_a_plan_foretells_the_deploy(planner):
    """For random pairs of criteria, limits and schedules, and random histories."""
    check(planner, 40)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_plan_foretells_the_deploy_for_long(planner):
    """The same, three thousand times."""
    check(planner, 3_000)
