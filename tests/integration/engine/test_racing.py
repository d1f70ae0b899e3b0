"""Two transactions at once on the same users."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest
from tests.world import World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days
from hogsend.errors import OverloadedError
from hogsend.events import ingest
from hogsend.events.batcher import Batcher
from hogsend.events.parse import parse_event

FLAPPING = define_bucket(id="on", name="On", criteria=lambda b: b.prop("on").eq(True))
THIRD = define_bucket(id="third", name="Third", criteria=lambda b: b.event("act").at_least(3))


async def check_alternation(pool):
    """Enter and leave alternate per pair, and every change has exactly one event of each name."""
    rows = await pool.fetch(
        "SELECT user_id, event, properties, occurred_at FROM user_events "
        "WHERE event LIKE 'bucket:%' ORDER BY id"
    )
    kinds: dict[tuple[str, str], list[str]] = {}
    for row in rows:
        if row["event"] in ("bucket:entered", "bucket:left"):
            pair = (row["user_id"], row["properties"]["bucketId"])
            kinds.setdefault(pair, []).append(row["properties"]["transition"])
    for pair, sequence in kinds.items():
        assert sequence == [("entered", "left")[n % 2] for n in range(len(sequence))], pair
    names = Counter(
        (
            row["user_id"],
            row["properties"]["bucketId"],
            row["properties"]["entryCount"],
            row["event"],
        )
        for row in rows
        if row["properties"]["transition"] != "dwell"
    )
    assert set(names.values()) <= {1}
    of_any = {name for name in names if name[3] in ("bucket:entered", "bucket:left")}
    assert {(*name[:3], f"{name[3]}:{name[1]}") for name in of_any} == names.keys() - of_any
    stays = await pool.fetch(
        "SELECT user_id, bucket_id, count(*) AS stays, max(entry_count) AS last, "
        "count(*) FILTER (WHERE status = 'active') AS active FROM bucket_memberships GROUP BY 1, 2"
    )
    for stay in stays:
        sequence = kinds[stay["user_id"], stay["bucket_id"]]
        assert stay["stays"] == stay["last"] == sequence.count("entered")
        assert stay["active"] == (sequence[-1] == "entered")


async def test_racing_transactions_never_double_a_transition(pool):
    """Writers that create, change and duplicate the same users at once, through two engines."""
    worlds = [World(pool, [FLAPPING, THIRD]) for _ in range(2)]
    chance = random.Random(4)

    def item():
        user = f"u{chance.randrange(12)}"
        return {
            "userId": user,
            "name": "act",
            "contactProperties": {"on": chance.random() < 0.5},
            "idempotencyKey": f"k{chance.randrange(400)}",
        }

    async def writer(world):
        for _ in range(40):
            await world.events([item() for _ in range(chance.randint(1, 8))])

    await asyncio.gather(*(writer(world) for world in worlds * 3))
    await check_alternation(pool)
    doubled = await pool.fetch(
        "SELECT 1 FROM user_events WHERE event = 'act' "
        "GROUP BY user_id, idempotency_key HAVING count(*) > 1"
    )
    assert doubled == []


async def test_a_transaction_that_fails_leaves_no_trace(pool, monkeypatch):
    """Whatever goes wrong on the way, the event, the contact and the membership are not there."""
    world = World(pool, [FLAPPING])

    async def fail(*_):
        raise ConnectionError

    monkeypatch.setattr(ingest, "append_events", fail)
    with pytest.raises(ConnectionError):
        await world.events([{"userId": "ann", "name": "x", "contactProperties": {"on": True}}] * 2)
    for table in ("contacts", "user_events", "bucket_memberships", "bucket_timers"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_the_batcher_keeps_the_order_of_a_user(pool):
    """Calls in flight at once are applied in the order in which they were made."""
    world = World(pool, [FLAPPING])
    async with Batcher(world.engine.ingest, lanes=3, max_batch=7) as batcher:
        calls = [
            batcher.submit(
                [
                    parse_event(
                        {"userId": f"u{n % 5}", "name": "x", "contactProperties": {"last": n}},
                        world.now,
                    )
                ]
            )
            for n in range(100)
        ]
        outcomes = await asyncio.gather(*calls)
    assert all(outcome.stored for [outcome] in outcomes)
    rows = await pool.fetch("SELECT user_id, properties FROM contacts")
    assert {row["user_id"]: row["properties"]["last"] for row in rows} == {
        f"u{n}": 95 + n for n in range(5)
    }


async def test_a_large_call_is_split_and_answered_in_order(pool):
    """More writes than a transaction takes: several transactions, one list of outcomes."""
    world = World(pool, [FLAPPING])
    items = [{"userId": f"u{n}", "name": "x"} for n in range(50)]
    async with Batcher(world.engine.ingest, lanes=2, max_batch=7) as batcher:
        outcomes = await batcher.submit([parse_event(item, world.now) for item in items])
    assert [outcome.user_id for outcome in outcomes] == [item["userId"] for item in items]


async def test_a_full_queue_refuses_and_recovers(pool):
    """Past the bound a call is refused whole, and later calls go through."""
    world = World(pool, [FLAPPING])
    write = parse_event({"userId": "ann", "name": "x"}, world.now)
    async with Batcher(world.engine.ingest, lanes=1, max_waiting=5) as batcher:
        with pytest.raises(OverloadedError, match="queue is full"):
            await batcher.submit([write] * 6)
        assert await pool.fetchval("SELECT count(*) FROM user_events") == 0
        await batcher.submit([write] * 5)
    assert await pool.fetchval("SELECT count(*) FROM user_events") == 5


async def test_a_value_that_the_database_refuses_fails_its_own_call_only(pool):
    """Callers that share a transaction do not share each other's mistakes."""
    world = World(pool, [FLAPPING])
    good = parse_event({"userId": "ann", "name": "x"}, world.now)
    bad = parse_event({"userId": "bob", "name": "x"}, world.now)
    bad.event.properties["nul"] = "\0"
    async with Batcher(world.engine.ingest, lanes=1) as batcher:
        calls = [batcher.submit([write]) for write in (good, bad, good)]
        first, second, third = await asyncio.gather(*calls, return_exceptions=True)
    assert first[0].stored
    assert third[0].stored
    assert "Unicode" in str(second) or "unicode" in str(second)


async def test_two_pumps_side_by_side_double_nothing(pool):
    """Both claim from the same wave of due timers; every leave happens once."""
    bucket = define_bucket(
        id="recent", name="Recent", criteria=lambda b: b.event("act").within(days(1)).exists()
    )
    worlds = [World(pool, [bucket]) for _ in range(3)]
    await worlds[0].events([{"userId": f"u{n}", "name": "act"} for n in range(900)])
    for world in worlds:
        world.clock.set(world.now + days(1))
        world.engine.pump._batch = 50

    async def drain(world):
        while await world.engine.pump.settle_due():
            pass

    await asyncio.gather(*(drain(world) for world in worlds))
    await check_alternation(pool)
    assert await pool.fetchval("SELECT count(*) FROM bucket_timers") == 0
    left = await pool.fetchval("SELECT count(*) FROM user_events WHERE event = 'bucket:left'")
    assert left == 900
