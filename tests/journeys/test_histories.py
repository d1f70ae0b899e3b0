"""Journals that earlier releases wrote: this one replays them to the end, without doing a thing twice.

A file of ``histories`` is a run as it stood in the database while it slept. Each release adds one, of
what ``asleep`` returns; those that are there stay as they are.
"""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from tests.world import START, World

from hogsend.durations import days, hours
from hogsend.journeys.definition import define_journey
from hogsend.journeys.errors import StepError

HISTORIES = sorted(Path(__file__).with_name("histories").glob("*.json"))
DONE = []


def fail():
    raise ValueError("no card")


@define_journey(id="tour", name="Tour", trigger="go")
async def tour(user, ctx):
    """Every kind of call; never changed, only added to behind its end."""
    DONE.append("pass")
    number = await ctx.step("draw", lambda: DONE.append("draw") or 7)
    assert number == 7
    try:
        await ctx.step("charge", fail)
    except StepError as error:
        DONE.append((error.type, str(error)))
    assert await ctx.history.has_event("go")
    assert await ctx.guard.is_subscribed()
    assert await ctx.variant("subject", ["only"]) == "only"
    assert (await ctx.contact()).properties == {"plan": "pro"}
    await ctx.checkpoint("asked")
    assert await ctx.throttle(5, days(1))
    await ctx.trigger("toured", {"n": number})
    found = await ctx.wait_for_event("toured", timeout=hours(1))
    assert found.properties == {"n": 7}
    assert (await ctx.wait_for_event("never", timeout=hours(1), label="l")).timed_out
    assert (await ctx.digest(hours(1))).count == 0
    await ctx.sleep(days(1))
    assert ctx.now() == START + days(1) + hours(2)
    await ctx.sleep_until(ctx.when.tomorrow().at("09:00"))
    await ctx.step("end", lambda: DONE.append("end"))


COLUMNS = ("journal", "contact", "event", "status", "wake_at", "resumed_at", "created_at")


async def asleep(pool):
    """The run as it is stored while it sleeps for the last time."""
    world = World(pool, journeys=[tour])
    await world.event("ann", "go", {"path": "/"}, contact={"plan": "pro"})
    await world.advance(days(1) + hours(3))
    row = await pool.fetchrow(f"SELECT {', '.join(COLUMNS)} FROM journey_states")
    return json.loads(msgspec.json.encode(dict(row)))


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.stem)
async def test_histories_of_earlier_releases_are_replayed(pool, history):
    """One more pass, no call of the journal again, and the run is completed."""
    stored = json.loads(history.read_text())
    await pool.execute(
        "INSERT INTO journey_states (user_id, journey_id, id, updated_at, "
        "journal, contact, event, status, wake_at, resumed_at, created_at) "
        "SELECT 'ann', 'tour', gen_random_uuid(), $1, r.journal, r.contact, r.event, r.status, "
        "r.wake_at, r.resumed_at, r.created_at FROM jsonb_populate_record(NULL::journey_states, $2) r",
        START,
        stored,
    )
    DONE.clear()
    world = World(pool, journeys=[tour], start=START + days(1) + hours(4))
    await world.advance(days(2))
    assert world.errors == []
    assert await world.runs("status, error") == [("completed", None)]
    refused = ("ValueError", "step:charge failed: ValueError: no card")
    assert ["pass", refused, "end"] == DONE


async def test_a_history_is_written_as_before(pool):
    """The latest history is what this release writes: names, fields and values."""
    written, stored = await asleep(pool), json.loads(HISTORIES[-1].read_text())
    for history in (written, stored):
        history["event"].pop("id")
        for entry in history["journal"]:
            if entry["call"] == "wait_for_event:toured/done":
                entry["result"].pop("id")
    assert written == stored
