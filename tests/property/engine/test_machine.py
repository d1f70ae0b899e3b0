"""Whatever happens, in whatever order: the engine and a plain model stay equal.

After each step the machine compares all there is: memberships, transition events with their names,
order, instants and properties, and that nothing is scheduled too late.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from enum import Enum
from pkgutil import resolve_name

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from tests.fault.ingest_victim import POINTS
from tests.property.criteria.strategies import (
    BASE,
    EVENT_NAMES,
    WINDOWS,
    examples,
    properties,
    trees,
)
from tests.property.engine.model import Model
from tests.world import World

from hogsend.buckets.definition import Bucket, BucketMeta, DwellSchedule
from hogsend.db.pool import create_pool
from hogsend.declarations import EntryLimit
from hogsend.events.model import NewEvent, Write

HORIZON = BASE + timedelta(days=30)
COMMITTED = "committed, not acknowledged"


class Ending(Enum):
    """How work is cut off: its connection is ended, or its task."""

    TERMINATED = "terminated"
    CANCELLED = "cancelled"


USERS = ("ann", "bob", "cyd")
MICROSECOND = timedelta(microseconds=1)
_LIMITS = [timedelta(minutes=minutes) for minutes in (4, 10, 20, 60)]

limits = st.sampled_from(_LIMITS)
maybe = st.none() | limits


@st.composite
def _declarations(draw, number):
    shortest, longest = draw(maybe), draw(maybe)
    if shortest and longest and longest < shortest:
        shortest, longest = longest, shortest
    entry_limit = draw(st.sampled_from(EntryLimit))
    schedules = {
        "once": DwellSchedule(label="once", after=draw(limits)),
        "often": DwellSchedule(label="often", every=draw(limits)),
    }
    return BucketMeta(
        id=f"b{number}",
        name=f"Bucket {number}",
        criteria=draw(trees(3)),
        entry_limit=entry_limit,
        entry_period=draw(maybe) if entry_limit == "once_per_period" else None,
        min_dwell=shortest,
        max_dwell=longest,
        dwells=tuple(
            schedules[label] for label in sorted(draw(st.sets(st.sampled_from(["once", "often"]))))
        ),
        fast_expiry=draw(st.integers(0, 3)) > 0,
        reconcile_joins=draw(st.sampled_from([None, True])),
    )


declared = st.integers(1, 3).flatmap(
    lambda number: st.tuples(*(_declarations(n) for n in range(number))).map(list)
)
users = st.sampled_from(USERS)
happenings = st.builds(
    NewEvent,
    name=st.sampled_from((*EVENT_NAMES[:1] * 4, *EVENT_NAMES)),
    properties=properties,
    idempotency_key=st.none() | st.sampled_from(["k1", "k2", "k3"]),
)
agos = st.none() | st.sampled_from([timedelta(0), *WINDOWS[:6]])
writes = st.tuples(users, st.just({}) | properties, st.none() | st.tuples(happenings, agos))
batches = st.lists(writes, min_size=1, max_size=4)
moves = st.sampled_from([timedelta(0), MICROSECOND, *_LIMITS, *WINDOWS[:4]]) | st.sampled_from(
    [timedelta(hours=3)]
)


class Machine(RuleBasedStateMachine):
    """Does the same to both."""

    def __init__(self, runner, pool):
        super().__init__()
        self.run = runner.run
        self.pool = pool
        self.world = None

    @initialize(declarations=declared)
    def begin(self, declarations):
        self.declarations = declarations
        self.model = Model(declarations, BASE)
        self.run(
            self.pool.execute(
                "TRUNCATE contacts, user_events, bucket_memberships, bucket_timers, bucket_configs, bucket_jobs, leases"
            )
        )
        self.start(BASE)
        self.run(self.world.run_jobs())

    def start(self, now):
        """Start an engine on what the database holds."""
        buckets = [Bucket(meta) for meta in self.declarations]
        self.world = World(self.pool, buckets, start=now)
        self.run(self.world.start())

    @rule(batch=batches)
    def write(self, batch):
        """Several writes in one transaction."""
        self.compare_outcomes(*self.both_write(batch))

    @rule(move=moves)
    def advance(self, move):
        """Time passes, and the pump is awake."""
        self.run(self.world.advance(move))
        self.model.advance(self.model.now + move)

    @rule(early=st.booleans())
    def advance_to_due(self, early):
        """To the very instant at which something is due, or just before it."""
        instant = self.model.next_instant()
        if instant is not None and instant < HORIZON:
            self.advance(instant - self.model.now - early * MICROSECOND)

    @rule(move=moves, batch=st.none() | batches)
    def oversleep(self, move, batch):
        """Time passes while nobody looks; a write may come before the pump wakes up."""
        self.model.oversleep(self.model.now + move)
        self.world.clock.set(self.world.now + move)
        outcomes = self.both_write(batch) if batch else ([], [])
        self.run(self.drain())
        self.compare_outcomes(*outcomes)

    @rule(user=users, erase=st.booleans())
    def delete(self, user, erase):
        """A contact goes, or everything about them."""
        found = self.run(self.world.engine.ingest.delete_contact(user, erase=erase))
        assert found is self.model.delete(user, erase=erase)

    @rule()
    def reconcile(self):
        """An audit finds nothing; what waits for the cadence is looked at."""
        assert self.run(self.world.engine.reconciler.reconcile(self.world.now)) == 0
        self.model.reconcile()

    @rule(number=st.integers(0, 2), batch=st.none() | batches)
    def pause_or_resume(self, number, batch):
        """Paused, a bucket is not evaluated; resumed, it catches up."""
        bucket = self.declarations[number % len(self.declarations)]
        if bucket.id in self.model.paused:
            self.run(self.world.override(bucket.id, enabled=True))
            self.model.paused.remove(bucket.id)
            self.catch_up(bucket, batch)
        else:
            self.run(self.world.override(bucket.id, enabled=False))
            self.model.paused.add(bucket.id)

    @rule(data=st.data(), number=st.integers(0, 2), keep=st.booleans(), batch=st.none() | batches)
    def redefine(self, data, number, keep, batch):
        """A deploy with other limits, perhaps with other criteria, too."""
        number %= len(self.declarations)
        old = self.declarations[number]
        new = replace(data.draw(_declarations(number)), fast_expiry=old.fast_expiry)
        if keep:
            new = replace(new, criteria=old.criteria)
        self.declarations[number] = new
        self.start(self.world.now)
        if new.id not in self.model.paused and rules_of(new) != rules_of(old):
            self.catch_up(new, batch)
        else:
            self.model.buckets[new.id] = new

    def catch_up(self, bucket, batch):
        """Everybody is looked at again; a write may come before the job does."""
        batch = self.written(batch or [])
        if batch:
            self.run(self.world.engine.ingest.write(batch))
        self.run(self.world.run_jobs())
        self.run(self.world.time.advance_to(self.world.now))
        rows = self.run(
            self.pool.fetch(
                "SELECT user_id, entry_count, dwell_anchor_at FROM bucket_memberships "
                "WHERE bucket_id = $1 AND source = 'backfill' AND entered_at = $2",
                bucket.id,
                self.world.now,
            )
        )
        anchors = {(row["user_id"], row["entry_count"]): row["dwell_anchor_at"] for row in rows}
        self.model.catch_up(bucket, anchors)
        for write in batch:
            self.model.write(write, building=True)
        self.model.advance(self.model.now)

    @rule(batch=batches, point=st.sampled_from(sorted(POINTS)), ending=st.sampled_from(Ending))
    def crash_while_writing(self, batch, point, ending):
        """What was not committed left no trace; another process takes over."""
        batch = self.written(batch)
        reached = self.crash(lambda: self.world.engine.ingest.write(batch), point, ending)
        if not reached or point == COMMITTED:
            for write in batch:
                self.model.write(write)
        self.restart()

    @rule(point=st.sampled_from(sorted(POINTS)), ending=st.sampled_from(Ending))
    def crash_while_pumping(self, point, ending):
        """At an instant at which something may be due; the next process does it."""
        self.advance(timedelta(0))  # what an overslept schedule left for this very instant
        instant = self.model.next_instant()
        if instant is None or instant > HORIZON:
            return
        self.world.clock.set(instant)
        self.crash(self.world.engine.pump.settle_due, point, ending)
        self.restart()
        self.run(self.world.time.advance_to(instant))
        self.model.advance(instant)

    @rule()
    def restart(self):
        """Another process takes over."""
        self.start(self.world.now)

    def crash(self, work, point, ending):
        """Whether the work came to the point, at which it ends."""
        with dying_at(point, ending, self.pool) as death:
            [result] = self.run(gathered(work()))
        if not death.done():
            assert not isinstance(result, BaseException), result
        return death.done()

    def written(self, batch):
        return [
            Write(user_id=user, patch=patch, event=event and at(*event, self.world.now))
            for user, patch, event in batch
        ]

    def both_write(self, batch):
        batch = self.written(batch)
        outcomes = self.run(self.world.engine.ingest.write(batch))
        return outcomes, [self.model.write(write) for write in batch]

    async def drain(self):
        while await self.world.engine.pump.settle_due():
            pass

    def compare_outcomes(self, outcomes, expected):
        assert [outcome.stored for outcome in outcomes] == [stored for stored, _ in expected]
        for outcome, (_, names) in zip(outcomes, expected, strict=True):
            assert sorted(event.name for event in outcome.emitted) == sorted(names)

    @invariant()
    def equal(self):
        if self.world is not None:
            assert self.world.now == self.model.now
            self.run(self.compare())

    async def compare(self):
        await self.compare_memberships()
        await self.compare_log()
        drift = await self.pool.fetchval("SELECT sum(drift) FROM bucket_configs")
        assert drift == 0

    async def compare_memberships(self):
        rows = await self.pool.fetch(
            "SELECT membership.*, due_at FROM bucket_memberships AS membership "
            "LEFT JOIN bucket_timers USING (user_id, bucket_id) ORDER BY user_id, bucket_id, entry_count"
        )
        assert [stored(row) for row in rows] == sorted(
            (user, bucket, stay.number, "left" if stay.left_at else "active", stay.source,
             stay.reason, stay.entered_at, stay.left_at, stay.announced)
            for user, person in self.model.people.items()
            for bucket, stays in person.stays.items()
            for stay in stays
        )  # fmt: skip
        for row in rows:
            if row["status"] == "active":
                if row["bucket_id"] in self.model.paused:
                    continue
                due = self.model.next_change(row["user_id"], row["bucket_id"])
                assert due is None or row["expires_at"] <= due
                assert due is None or row["expires_at"] == row["due_at"]
            else:
                assert row["expires_at"] is None

    async def compare_log(self):
        rows = await self.pool.fetch(
            "SELECT user_id, event, properties, occurred_at FROM user_events "
            "WHERE event LIKE 'bucket:%' ORDER BY id"
        )
        found = {}
        for row in rows:
            pair = (row["user_id"], row["properties"]["bucketId"])
            found.setdefault(pair, []).append((row["event"], row["properties"], row["occurred_at"]))
        expected = {pair: log for pair, log in self.model.log.items() if log}
        assert found.keys() == expected.keys()
        for pair, log in expected.items():
            assert_same(found[pair], log)


async def gathered(work):
    return await asyncio.gather(work, return_exceptions=True)


@contextmanager
def dying_at(point, ending, pool):
    """Whoever comes to the point ends there; tells whether somebody did."""
    path, when = POINTS[point]
    place, name = path.rsplit(".", 1)
    original = getattr(resolve_name(place), name)
    death = Future()

    async def deadly(*arguments):
        if when == "before":
            await end(arguments[0])
        result = await original(*arguments)
        if when == "after":
            await end(arguments[0])
        return result

    async def end(first):
        death.set_result(None)
        if ending is Ending.CANCELLED or point == COMMITTED:
            asyncio.current_task().cancel()
            await asyncio.sleep(0)
        await pool.execute("SELECT pg_terminate_backend($1, 10000)", first.get_server_pid())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(path, deadly)
        yield death


def assert_same(found, expected):
    """Entry by entry; those that may be missing, may."""
    rest = iter(found)
    entry = next(rest, None)
    for wanted in expected:
        if entry is not None and is_same(*entry, wanted):
            entry = next(rest, None)
        else:
            assert wanted.missing, f"{wanted} is not in {found}"
    assert entry is None


def rules_of(meta):
    """What makes one version of a bucket another one; 1 and true are two values."""
    return repr(replace(meta, fast_expiry=True, reconcile_joins=None))


def is_same(name, properties, instant, wanted):
    if "source" not in wanted.properties:
        properties = {key: value for key, value in properties.items() if key != "source"}
    return (name, properties, instant) == (wanted.name, wanted.properties, wanted.at)


def at(event, ago, now):
    """The event, so long ago; None is when it is received."""
    if ago is None:
        return event
    return NewEvent(
        name=event.name,
        properties=event.properties,
        idempotency_key=event.idempotency_key,
        occurred_at=now - ago,
    )


def stored(row):
    columns = ("user_id", "bucket_id", "entry_count", "status", "source", "reason", "entered_at",
               "left_at", "dwell_state")  # fmt: skip
    return tuple(row[column] for column in columns)


@pytest.fixture
def machine(database):
    with asyncio.Runner() as runner:
        pool = runner.run(create_pool(database, min_size=1, max_size=3))
        yield lambda: Machine(runner, pool)
        runner.run(pool.close())


def test_the_engine_equals_the_model(machine):
    """A few hundred steps of everything that can happen."""
    run_state_machine_as_test(machine, settings=settings(examples(15), stateful_step_count=25))


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_engine_equals_the_model_for_long(machine):
    """The same, many thousand steps."""
    run_state_machine_as_test(machine, settings=settings(examples(2_000), stateful_step_count=50))
