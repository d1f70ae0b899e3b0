"""The engine's transitions equal a brute-force oracle's, to the microsecond.

The oracle keeps every event and property in lists, and after each thing that happens, and at each
instant at which anything could change, asks ``tests.property.oracle.holds`` about everybody. It
knows nothing of timers, slots, flips, skipping or batches.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.criteria.strategies import (
    BASE,
    EVENT_NAMES,
    WINDOWS,
    Case,
    examples,
    properties,
    trees,
)
from tests.property.criteria.test_instants import critical_instants
from tests.property.oracle import Event, holds
from tests.world import Seen, World

from hogsend.buckets.definition import Bucket, BucketMeta
from hogsend.db.pool import create_pool
from hogsend.events.model import NewEvent, Write

USERS = ("ann", "bob")


@dataclass(frozen=True)
class Step:
    """Time passes, then some writes arrive in one transaction."""

    after: timedelta
    writes: list[Write]


writes = st.builds(
    Write,
    user_id=st.sampled_from(USERS),
    patch=st.just({}) | properties,
    event=st.none()
    | st.builds(
        NewEvent,
        name=st.sampled_from((*EVENT_NAMES[:1] * 4, *EVENT_NAMES)),
        properties=properties,
        occurred_at=st.none()
        | st.sampled_from(WINDOWS[:5]).map(lambda ago: BASE + timedelta(minutes=20) - ago),
        idempotency_key=st.none() | st.sampled_from(["k1", "k2"]),
    ),
)
steps = st.builds(
    Step,
    after=st.sampled_from([timedelta(0), timedelta(minutes=3), *WINDOWS[:5]]),
    writes=st.lists(writes, max_size=3),
)


@dataclass
class Person:
    """All that ever happened to one user."""

    properties: dict[str, Any] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


class Oracle:
    """Membership by asking about everybody, always."""

    def __init__(self, criteria):
        self.now = BASE
        self.criteria = criteria
        self.people: dict[str, Person] = {}
        self.members: set[tuple[str, str]] = set()
        self.seen: list[Seen] = []

    def advance(self, duration: timedelta) -> None:
        until = self.now + duration
        due = {
            instant
            for tree in self.criteria.values()
            for person in self.people.values()
            for instant in critical_instants(
                tree, Case(properties=person.properties, history=person.events, now=self.now)
            )
            if self.now < instant <= until
        }
        for self.now in sorted(due):
            for user_id in self.people:
                self._look(user_id)
        self.now = until

    def write(self, write: Write) -> None:
        person = self.people.setdefault(write.user_id, Person())
        if write.event and write.event.idempotency_key:
            if write.event.idempotency_key in person.keys:
                return
            person.keys.add(write.event.idempotency_key)
        person.properties = {
            key: value
            for key, value in {**person.properties, **write.patch}.items()
            if value is not None
        }
        if write.event:
            at = min(write.event.occurred_at or self.now, self.now)
            person.events.append(
                Event(name=write.event.name, at=at, properties=write.event.properties)
            )
        self._look(write.user_id)

    def _look(self, user_id: str) -> None:
        person = self.people[user_id]
        for bucket_id, tree in self.criteria.items():
            pair = (user_id, bucket_id)
            matches = holds(tree, person.properties, person.events, self.now)
            if matches is (pair in self.members):
                continue
            self.members.symmetric_difference_update([pair])
            kind, reason = ("entered", None) if matches else ("left", "criteria")
            self.seen.append(Seen(*pair, kind, reason, self.now))


class Lab:
    """A database that is emptied for each example."""

    def __init__(self, runner: asyncio.Runner, pool: asyncpg.Pool) -> None:
        self.run = runner.run
        self.pool = pool

    async def play(self, criteria, script) -> tuple[list[Seen], set[tuple[str, str]], list]:
        await self.pool.execute("TRUNCATE contacts, user_events, bucket_memberships, bucket_timers")
        buckets = [
            Bucket(BucketMeta(id=id_, name=id_, criteria=tree)) for id_, tree in criteria.items()
        ]
        world = World(self.pool, buckets, start=BASE)
        for step in script:
            await world.advance(step.after)
            if step.writes:
                await world.engine.ingest.write(step.writes)
        rows = await self.pool.fetch(
            "SELECT user_id, bucket_id, status, entry_count FROM bucket_memberships ORDER BY 1, 2, 4"
        )
        members = {(row[0], row[1]) for row in rows if row[2] == "active"}
        return await world.transitions(), members, [tuple(row) for row in rows]


@pytest.fixture
def lab(database):
    with asyncio.Runner() as runner:
        pool = runner.run(create_pool(database, min_size=1, max_size=2))
        yield Lab(runner, pool)
        runner.run(pool.close())


def check(lab: Lab, criteria, script) -> None:
    oracle = Oracle(criteria)
    for step in script:
        oracle.advance(step.after)
        for write in step.writes:
            oracle.write(write)
    seen, members, rows = lab.run(lab.play(criteria, script))
    assert members == oracle.members
    assert by_pair(seen) == by_pair(oracle.seen)
    assert [s.at for s in seen] == sorted(s.at for s in seen)
    for pair, transitions in by_pair(oracle.seen).items():
        stays = [(status, count) for *of, status, count in rows if tuple(of) == pair]
        entered = sum(kind == "entered" for kind, _, _ in transitions)
        assert [count for _, count in stays] == list(range(1, entered + 1))


def by_pair(seen: list[Seen]) -> dict[tuple[str, str], list[tuple[str, str | None, datetime]]]:
    pairs: dict[tuple[str, str], list] = {}
    for each in seen:
        pairs.setdefault((each.user_id, each.bucket_id), []).append(
            (each.kind, each.reason, each.at)
        )
    return pairs


criterias = st.lists(trees(3), min_size=1, max_size=3).map(
    lambda found: {f"b{number}": tree for number, tree in enumerate(found)}
)
scripts = st.lists(steps, min_size=2, max_size=8)


def test_the_engine_equals_the_oracle(lab):
    """Random criteria, histories, late events, batches and clocks."""

    @given(criteria=criterias, script=scripts)
    @examples(120)
    def run(criteria, script):
        check(lab, criteria, script)

    run()


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_the_engine_equals_the_oracle_for_long(lab):
    """The same, ten thousand times."""

    @given(criteria=criterias, script=scripts)
    @examples(10_000)
    def run(criteria, script):
        check(lab, criteria, script)

    run()
