"""Clocks that step: delay at most, never a wrong or a doubled transition."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from tests.integration.engine.test_racing import check_alternation
from tests.property.oracle import Event, holds
from tests.world import START, World

from hogsend.app.engine import Engine
from hogsend.buckets.definition import define_bucket
from hogsend.buckets.registry import Registry
from hogsend.durations import days, hours, minutes
from hogsend.events.parse import parse_event

BUCKETS = [
    define_bucket(
        id="recent", name="Recent", criteria=lambda b: b.event("act").within(hours(2)).exists()
    ),
    define_bucket(
        id="quiet",
        name="Quiet",
        criteria=lambda b: b.all(
            b.event("act").exists(), b.event("act").within(minutes(50)).not_exists()
        ),
    ).schedule_dwell(every=minutes(30), label="often"),
    define_bucket(
        id="flushed",
        name="Flushed",
        max_dwell=minutes(40),
        criteria=lambda b: b.event("act").within(hours(2)).at_least(2),
    ),
]


class SteppingClock:
    """True time, and how far this machine's clock is off."""

    def __init__(self):
        self.true = START
        self.off = timedelta(0)

    def now(self):
        return self.true + self.off


class Machines:
    """Several workers on one database, each with a clock of its own."""

    def __init__(self, pool, number):
        self.pool = pool
        self.clocks = [SteppingClock() for _ in range(number)]
        self.engines = [
            Engine(pool=pool, registry=Registry(BUCKETS), clock=clock) for clock in self.clocks
        ]

    def pass_time(self, duration):
        for clock in self.clocks:
            clock.true += duration

    async def act(self, number, user):
        engine = self.engines[number]
        write = parse_event({"userId": user, "name": "act"}, engine.clock.now())
        await engine.ingest.write([write])

    async def pump(self, number):
        while await self.engines[number].pump.run_once() == 0:
            pass


async def check_rows(pool, now):
    """Instants of a pair never run backwards, each dwell comes once, membership is right."""
    stays = await pool.fetch("SELECT * FROM bucket_memberships ORDER BY bucket_id, user_id, 3")
    latest = {}
    for stay in stays:
        pair = (stay["user_id"], stay["bucket_id"])
        assert stay["entered_at"] >= latest.get(pair, START)
        latest[pair] = stay["left_at"] or stay["entered_at"]
    doubled = await pool.fetch(
        "SELECT user_id FROM user_events WHERE event LIKE 'bucket:dwell:%' "
        "GROUP BY user_id, event, properties HAVING count(*) > 1"
    )
    assert doubled == []
    members = {(stay["user_id"], stay["bucket_id"]) for stay in stays if stay["status"] == "active"}
    acts = await pool.fetch("SELECT user_id, occurred_at FROM user_events WHERE event = 'act'")
    assert members == {
        (user, bucket.id)
        for user in {act["user_id"] for act in acts}
        for bucket in BUCKETS
        if holds(
            bucket.meta.criteria,
            {},
            [
                Event(name="act", at=act["occurred_at"], properties={})
                for act in acts
                if act["user_id"] == user
            ],
            now,
        )
    }


@pytest.mark.parametrize("seed", range(3))
async def test_clocks_that_step_by_an_hour(pool, seed):
    """Three workers, whose clocks go back and forth; in the end all is as if they had not."""
    chance = random.Random(seed)
    machines = Machines(pool, 3)
    for _ in range(60):
        machines.pass_time(minutes(chance.choice([1, 7, 20])))
        number = chance.randrange(3)
        if chance.random() < 0.3:
            machines.clocks[number].off = hours(1) * chance.choice([-1, 0, 1])
        if chance.random() < 0.5:
            await machines.act(number, chance.choice(["ann", "bob"]))
        else:
            await machines.pump(number)
    for clock in machines.clocks:
        clock.off = timedelta(0)
    machines.pass_time(hours(1))
    await machines.pump(0)
    await check_alternation(pool)
    await check_rows(pool, machines.clocks[0].now())


async def test_a_clock_that_was_set_back_only_delays(pool):
    """What was due by the old clock stays done; what comes is done when the clock gets there."""
    machines = Machines(pool, 1)
    await machines.act(0, "ann")
    machines.pass_time(minutes(55))
    await machines.pump(0)
    machines.clocks[0].off = -hours(1)
    machines.pass_time(minutes(100))
    await machines.pump(0)
    done = "SELECT count(*) FROM user_events WHERE event IN ('bucket:left', 'bucket:entered')"
    assert await pool.fetchval(done) == 2  # recent and quiet, entered
    machines.pass_time(minutes(25))
    await machines.pump(0)
    rows = await pool.fetch(
        "SELECT properties ->> 'bucketId' AS id, occurred_at FROM user_events "
        "WHERE event = 'bucket:left'"
    )
    assert [tuple(row) for row in rows] == [("recent", START + hours(2))]


async def test_a_worker_that_slept_for_a_day(pool):
    """It makes up for every instant, in order and at its own time, and reconciles once."""
    world = World(pool, BUCKETS)
    await world.events([{"userId": "ann", "name": "act"}] * 2)
    runs = []

    async def reconcile(tick):
        runs.append(tick)
        return 0

    world.engine.reconciler.reconcile = reconcile
    world.clock.set(START + days(1))
    while await world.engine.pump.run_once() == 0:
        pass
    for _ in range(3):
        await world.engine.reconciler.run_once()
    assert len(runs) == 1
    story = [(s.bucket_id, s.kind, s.at - START) for s in await world.transitions()]
    assert [entry for entry in story if entry[0] == "flushed"] == [
        ("flushed", "entered", minutes(0)),
        ("flushed", "left", minutes(40)),
        ("flushed", "entered", minutes(40)),
        ("flushed", "left", minutes(80)),
        ("flushed", "entered", minutes(80)),
        ("flushed", "left", minutes(120)),
    ]
    assert [at for _, _, at in story] == sorted(at for _, _, at in story)
    await check_alternation(pool)


async def test_a_schedule_runs_once_however_the_clock_steps(pool):
    """Set back by an hour, a worker does not reconcile the same schedule again, nor a new one."""
    machines = Machines(pool, 2)
    runs = []

    async def reconcile(tick):
        runs.append(tick)
        return 0

    for engine in machines.engines:
        engine.reconciler.reconcile = reconcile
    for off in (hours(0), -hours(1), hours(0), hours(1), hours(0), hours(0)):
        machines.clocks[0].off = off
        for _ in range(3):
            machines.pass_time(minutes(5))
            for engine in machines.engines:
                await engine.reconciler.run_once()
    assert len(runs) == len(set(runs)) >= 10
    assert runs == sorted(runs)
