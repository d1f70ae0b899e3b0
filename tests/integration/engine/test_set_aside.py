"""Somebody whom the pump cannot settle keeps nobody else waiting."""

from __future__ import annotations

import pytest
from tests.world import START, World

from hogsend.buckets.definition import define_bucket
from hogsend.buckets.timers import POLL_S
from hogsend.durations import days, minutes

_USERS = ("ann", "bob", "cyd")


@pytest.fixture
async def world(pool, monkeypatch):
    """Three people leave at one instant; with one of them something is wrong, as long as it is."""
    recent = define_bucket(
        id="recent", name="Recent", criteria=lambda b: b.event("buy").within(days(1)).exists()
    )
    world = World(pool, [recent])
    await world.start()
    for user in _USERS:
        await world.event(user, "buy")
    world.clock.set(START + days(1))
    world.broken = {"bob"}
    ingest = world.engine.pump._ingest
    settle = ingest.settle

    async def fail(transaction):
        if world.broken & {change.contact.user_id for change in transaction.changes}:
            raise ZeroDivisionError
        await settle(transaction)

    monkeypatch.setattr(ingest, "settle", fail)
    return world


async def left(world):
    return [(s.user_id, s.at - START) for s in await world.transitions() if s.kind == "left"]


async def test_the_others_of_the_batch_are_settled(world, capsys):
    """Who fails is named, and stays due; the pump rests as when there is nothing to do."""
    assert await world.engine.pump.run_once() == 0
    assert sorted(await left(world)) == [("ann", days(1)), ("cyd", days(1))]
    assert await world.engine.pump.run_once() == POLL_S
    assert await world.engine.pump.next_due() == START + days(1)
    assert capsys.readouterr().out.count("pump.set_aside") == 1


async def test_it_is_tried_again_after_a_while(world):
    """And then happens at the instant at which it was due."""
    await world.engine.pump.run_once()
    world.broken.clear()
    assert await world.engine.pump.run_once() == POLL_S
    world.clock.set(START + days(1) + minutes(1))
    assert await world.engine.pump.run_once() == 0
    assert ("bob", days(1)) in await left(world)
