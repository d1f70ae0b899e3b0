"""What is foretold of a pair is what the engine then does."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.criteria.strategies import BASE, MICROSECOND, WINDOWS, examples, trees
from tests.property.engine.test_oracle import scripts
from tests.world import World

from hogsend.buckets.definition import Bucket, BucketMeta
from hogsend.buckets.outlook import foresee
from hogsend.buckets.situation import read_facts, read_situation
from hogsend.db.pool import create_pool
from hogsend.declarations import EntryLimit

LONG = timedelta(days=40_000)

dwells = st.none() | st.sampled_from(WINDOWS[:5])
metas = st.builds(
    BucketMeta,
    id=st.just("b"),
    name=st.just("B"),
    criteria=trees(3),
    entry_limit=st.sampled_from(EntryLimit),
    entry_period=dwells,
    min_dwell=dwells,
    max_dwell=dwells,
)


class Seer:
    """Plays a script on an emptied database, then compares foresight with hindsight."""

    def __init__(self, runner, pool):
        self.run = runner.run
        self.pool = pool

    async def check(self, meta, script):
        await self.pool.execute("TRUNCATE contacts, user_events, bucket_memberships, bucket_timers")
        world = World(self.pool, [Bucket(meta)], start=BASE)
        for step in script:
            await world.advance(step.after)
            if step.writes:
                await world.engine.ingest.write(step.writes)
        bucket = world.registry.buckets["b"]
        for user_id in ("ann", "bob"):
            before, outlook = await self.look(bucket, user_id, world.now)
            if outlook is None:
                continue
            assert outlook.pending == ()
            if not outlook.upcoming:
                await world.advance(LONG)
                assert await self.latest(user_id) == before
                return
            at = outlook.upcoming[0].at
            await world.advance(at - MICROSECOND - world.now)
            assert await self.latest(user_id) == before
            await world.advance(MICROSECOND)
            assert await self.latest(user_id) == outlook.upcoming[-1].membership
            return

    async def look(self, bucket, user_id, now):
        async with self.pool.acquire() as connection:
            found = await read_situation(connection, user_id, "b", stays=1)
            if found.contact is None:
                return None, None
            facts = await read_facts(connection, found.contact, bucket.evaluator.slots)
        judge = partial(bucket.evaluator, facts.properties, bucket.evaluator.align(facts.newest))
        return found.latest, foresee(bucket.meta, judge, found.latest, now)

    async def latest(self, user_id):
        async with self.pool.acquire() as connection:
            return (await read_situation(connection, user_id, "b", stays=1)).latest


@pytest.fixture
def seer(database):
    with asyncio.Runner() as runner:
        pool = runner.run(create_pool(database, min_size=1, max_size=2))
        yield Seer(runner, pool)
        runner.run(pool.close())


def check(seer: Seer, number: int) -> None:
    @given(meta=metas, script=scripts)
    @examples(number)
    def run(meta, script):
        seer.run(seer.check(meta, script))

    run()


def test_the_next_join_or_leave_is_foretold(seer):
    """For random criteria, limits and histories: not before its instant, and then as it was said."""
    check(seer, 80)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_next_join_or_leave_is_foretold_for_long(seer):
    """The same, five thousand times."""
    check(seer, 5_000)
