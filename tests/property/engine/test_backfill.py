"""A job gives what evaluation one by one gives, in memberships, timers and announcements.

The oracle of ``test_oracle`` asks about everybody at the instant of the deploy: who matches is in,
silently; who does not, and was, leaves. From then on the engine and it must stay equal, though a
part of the writes comes while the job is under way, and though nobody was looked at by the job but
through chunks of one person.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.criteria.strategies import BASE, examples, trees
from tests.property.engine.test_oracle import Oracle, by_pair, steps, writes
from tests.world import World

from hogsend.buckets.definition import Bucket, BucketMeta
from hogsend.db.pool import create_pool
from hogsend.events.model import Write

TABLES = "contacts, user_events, bucket_memberships, bucket_timers, bucket_configs, bucket_jobs"


def buckets(criteria):
    return [Bucket(BucketMeta(id=id_, name=id_, criteria=tree)) for id_, tree in criteria.items()]


class Deploys:
    """The oracle, and what it keeps to itself."""

    def __init__(self, criteria):
        self.oracle = Oracle(criteria)
        self.silent = []

    def deploy(self, criteria):
        """Look at everybody; joins are silent."""
        start = len(self.oracle.seen)
        self.oracle.criteria = criteria
        for user_id in sorted(self.oracle.people):
            self.oracle._look(user_id)
        news = self.oracle.seen[start:]
        self.oracle.seen[start:] = [each for each in news if each.kind == "left"]
        self.silent += [each for each in news if each.kind == "entered"]

    def play(self, script):
        for step in script:
            self.oracle.advance(step.after)
            for write in step.writes:
                self.oracle.write(write)


class Lab:
    """A database that is emptied for each example."""

    def __init__(self, runner, pool):
        self.run = runner.run
        self.pool = pool

    async def play(self, world, script):
        for step in script:
            await world.advance(step.after)
            if step.writes:
                await world.engine.ingest.write(step.writes)

    async def compare(self, world, deploys):
        oracle = deploys.oracle
        rows = await self.pool.fetch(
            "SELECT user_id, bucket_id, status, entry_count FROM bucket_memberships ORDER BY 1, 2, 4"
        )
        members = {(row[0], row[1]) for row in rows if row[2] == "active"}
        assert members == oracle.members  # also those of buckets that the code has dropped
        assert by_pair(await world.transitions()) == by_pair(oracle.seen)
        for pair in {(row[0], row[1]) for row in rows}:
            counts = [row[3] for row in rows if (row[0], row[1]) == pair]
            entered = sum(
                each.kind == "entered" and (each.user_id, each.bucket_id) == pair
                for each in [*oracle.seen, *deploys.silent]
            )
            assert counts == list(range(1, entered + 1))


@pytest.fixture
def lab(database):
    with asyncio.Runner() as runner:
        pool = runner.run(create_pool(database, min_size=1, max_size=2))
        yield Lab(runner, pool)
        runner.run(pool.close())


async def check(lab, first, second, scripts, live):
    past, then, later = scripts
    await lab.pool.execute(f"TRUNCATE {TABLES}")
    world = World(lab.pool, buckets(first), start=BASE)
    deploys = Deploys(first)
    await world.start()
    await lab.play(world, past)
    deploys.play(past)
    for criteria, script in ((second, then), (first, later)):
        await world.start(buckets(criteria))
        deploys.deploy(criteria)
        for write in live:
            await world.engine.jobs.run_once()
            await world.engine.ingest.write([write])
            deploys.oracle.write(write)
        await world.run_jobs()
        await lab.compare(world, deploys)
        await lab.play(world, script)
        deploys.play(script)
        await lab.compare(world, deploys)


criterias = st.integers(0, 2).flatmap(
    lambda number: st.tuples(*[trees(3)] * number).map(
        lambda found: {f"b{number}": tree for number, tree in enumerate(found)}
    )
)
scripts = st.tuples(*[st.lists(steps, max_size=4)] * 3)
bare = st.builds(Write, user_id=st.just("cyd@x.org"), email=st.just("cyd@x.org"))
live_writes = st.lists(writes | bare, max_size=3)


def run_examples(lab, monkeypatch, number):
    @given(first=criterias, second=criterias, scripts=scripts, live=live_writes)
    @examples(number)
    def run(first, second, scripts, live):
        # A bucket keeps its id from one definition to the next; those that are new are added.
        lab.run(check(lab, first, first | second, scripts, live))

    monkeypatch.setattr("hogsend.buckets.walk._FIRST_SIZE", 1)
    monkeypatch.setattr("hogsend.buckets.walk._SIZES", (1, 1))
    run()


def test_a_job_equals_evaluation_one_by_one(lab, monkeypatch):
    """Random criteria replaced by others, histories, live writes between the chunks, clocks."""
    run_examples(lab, monkeypatch, 25)


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_job_equals_evaluation_one_by_one_for_long(lab, monkeypatch):
    """The same, five thousand times."""
    run_examples(lab, monkeypatch, 5_000)
