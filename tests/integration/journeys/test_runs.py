"""Runs from their start to their end, in virtual time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.world import START, World

from hogsend.buckets.definition import define_bucket
from hogsend.durations import days, hours, minutes, seconds
from hogsend.errors import DefinitionError
from hogsend.journeys.definition import define_journey
from hogsend.journeys.errors import StepError


def journey(function=None, **arguments):
    """A journey that ``go`` starts."""
    defaults = {"id": "tour", "name": "Tour", "trigger": "go"}
    declare = define_journey(**(defaults | arguments))
    return declare if function is None else declare(function)


async def test_a_run_sleeps_and_goes_on_where_it_stopped(pool):
    """Steps happen once each; the sleep ends at its instant; the row tells the way."""
    done = []

    @journey()
    async def tour(user, ctx):
        done.append(("began", await ctx.step("first", lambda: user.id)))
        await ctx.sleep(days(3))
        await ctx.step("second", lambda: done.append((ctx.now(), user.properties["plan"])))

    world = World(pool, journeys=[tour])
    await world.event("ann", "go", contact={"plan": "pro"})
    await world.settle()
    assert await world.runs("status, wake_at") == [("waiting", START + days(3))]
    await world.advance(days(3) - timedelta(microseconds=1))
    assert done == [("began", "ann")]
    await world.advance(timedelta(microseconds=1))
    assert done == [("began", "ann"), ("began", "ann"), (START + days(3), "pro")]
    assert await world.runs("status, finished_at") == [("completed", START + days(3))]
    [journal] = await world.runs("journal")
    assert [entry["call"] for entry in journal] == [
        "step:first",
        "sleep",
        "sleep/done",
        "step:second",
    ]


async def test_a_wait_ends_with_the_event(pool):
    """``where`` holds; the properties are there; the transaction of the event wakes the run."""
    results = []

    @journey()
    async def tour(user, ctx):
        result = await ctx.wait_for_event(
            "buy", timeout=days(7), where=lambda b: b.prop("amount").gte(50)
        )
        results.append((result.timed_out, dict(result.properties), ctx.now()))

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.settle()
    await world.advance(days(1))
    await world.event("ann", "buy", {"amount": 5})
    await world.event("bob", "buy", {"amount": 99})
    await world.settle()
    assert await world.runs("status, waits_for") == [("waiting", "buy")]
    await world.event("ann", "buy", {"amount": 50})
    assert await world.runs("status, wake_at") == [("active", START + days(1))]
    await world.settle()
    assert results == [(False, {"amount": 50}, START + days(1))]
    assert await pool.fetchval("SELECT count(*) FROM contacts WHERE awaits <> '{}'") == 0


async def test_a_wait_times_out(pool):
    """At its deadline, and an event that comes at that instant is too late."""
    results = []

    @journey()
    async def tour(user, ctx):
        results.append((await ctx.wait_for_event("buy", timeout=days(7))).timed_out)

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.settle()
    world.clock.set(START + days(7))
    await world.event("ann", "buy")
    await world.settle()
    assert results == [True]


async def test_no_gap_between_a_step_and_a_wait(pool):
    """What arrives after the beginning of the previous call is found, and only once."""
    found = []

    async def mail():
        await world.event("ann", "click", {"n": 1})

    @journey()
    async def tour(user, ctx):
        await ctx.step("mail", mail)
        for _ in range(3):
            result = await ctx.wait_for_event("click", timeout=hours(1))
            found.append(result.properties.get("n"))

    world = World(pool, journeys=[tour])
    await world.event("ann", "click", {"n": 0})
    await world.event("ann", "go")
    await world.settle()
    assert found == [1]
    await world.events(
        [{"userId": "ann", "name": "click", "eventProperties": {"n": n}} for n in (2, 3)]
    )
    await world.settle()
    assert found == [1, 1, 2, 3]


async def test_lookback_counts_what_occurred_before(pool):
    """Events of that long before the wait; not older ones."""
    found = []

    @journey()
    async def tour(user, ctx):
        result = await ctx.wait_for_event("click", timeout=hours(1), lookback=days(1))
        found.append(result.timed_out)

    world = World(pool, journeys=[tour])
    await world.event("ann", "click")
    await world.event("bob", "click", at=START - days(1))
    await world.advance(hours(20))
    await world.event("ann", "go")
    await world.event("bob", "go")
    await world.settle()
    assert found == [False]
    await world.advance(hours(1))
    assert found == [False, True]


async def test_exit_on_ends_a_sleeping_run(pool):
    """In the transaction of the event, which tells; ``where`` has to hold."""
    cart = journey(sleeper, exit_on=["bye", {"event": "buy", "where": lambda b: b.prop("n").gt(1)}])
    world = World(pool, journeys=[cart])
    await world.event("ann", "go")
    await world.settle()
    assert (await world.event("ann", "buy", {"n": 1})).exits == ()
    [exit_] = (await world.event("ann", "buy", {"n": 2})).exits
    [(status, reason, id_)] = await world.runs("status, exit_reason, id")
    assert (status, reason, str(id_), "tour") == ("exited", "buy", exit_.state_id, exit_.journey_id)
    await world.advance(days(9))
    assert await world.runs() == ["exited"]


async def sleeper(user, ctx):
    await ctx.sleep(days(1))


async def test_a_bucket_starts_and_ends_a_run(pool):
    """Transitions do what events do, in the transaction that makes them, by the clock too."""
    dormant = define_bucket(
        id="dormant",
        name="Dormant",
        criteria=lambda b: b.all(
            b.event("act").exists(), b.event("act").within(days(7)).not_exists()
        ),
    )
    nudge = journey(sleeper, trigger=dormant.entered, exit_on=[dormant.left])
    world = World(pool, buckets=[dormant], journeys=[nudge])
    await world.event("ann", "act")
    await world.advance(days(7) + hours(1))
    assert await world.runs("status, created_at") == [("waiting", START + days(7))]
    outcome = await world.event("ann", "act")
    assert [exit_.journey_id for exit_ in outcome.exits] == ["tour"]
    assert await world.runs("status, exit_reason") == [("exited", "bucket:left:dormant")]


async def test_events_of_one_batch_take_effect_in_order(pool):
    """A run may start, end, and start again in one transaction."""
    world = World(pool, journeys=[journey(sleeper, exit_on=["bye"])])
    names = ["go", "go", "bye", "go", "bye", "bye", "go"]
    outcomes = await world.events([{"userId": "ann", "name": name} for name in names])
    assert [len(outcome.exits) for outcome in outcomes] == [0, 0, 1, 0, 1, 0, 0]
    assert await world.runs() == ["exited", "exited", "active"]
    assert await world.skips() == [("ann", "tour", "already_active", 1)]


async def test_errors_are_retried_with_backoff(pool):
    """A second, five, half a minute, ...; what was recorded is not done again."""
    tries, seen = [], []

    def flaky():
        tries.append(world.now - START)
        if len(tries) < 4:
            raise OSError

    @journey()
    async def tour(user, ctx):
        seen.append(await ctx.step("once", lambda: len(seen)))
        await ctx.step("flaky", flaky)

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.settle()
    assert await world.runs("status, attempts, wake_at") == [("active", 1, START + seconds(1))]
    await world.advance(hours(1))
    assert tries == [seconds(0), seconds(1), seconds(6), seconds(36)]
    assert seen == [0, 0, 0, 0]
    assert await world.runs("status, attempts, error") == [("completed", 0, None)]


async def test_a_run_that_keeps_failing_has_failed(pool):
    """Its error and trace are kept."""

    @journey()
    async def tour(user, ctx):
        raise ValueError("no such \0 plan")

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.advance(days(1))
    [(status, attempts, error, trace)] = await world.runs("status, attempts, error, traceback")
    assert (status, attempts, error) == ("failed", 7, "ValueError: no such \\0 plan")
    assert "in tour" in trace
    assert len(world.errors) == 7


async def test_a_step_error_that_is_caught_is_caught_again(pool):
    """The journey goes the same way at a replay, although the step would succeed by then."""
    ways = []

    @journey()
    async def tour(user, ctx):
        try:
            await ctx.step("charge", lambda: 1 / len(ways))
        except StepError as error:
            ways.append((error.type, str(error)))
            await ctx.sleep(days(1))
        else:
            ways.append("charged")
        await ctx.step("end", lambda: None)

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.advance(days(1))
    assert (
        ways[0]
        == ways[1]
        == ("ZeroDivisionError", "step:charge failed: ZeroDivisionError: division by zero")
    )
    assert await world.runs() == ["completed"]


async def test_a_divergent_replay_fails_its_run_alone(pool):
    """The error names both sides; others go on."""

    @journey()
    async def before(user, ctx):
        await ctx.step("greet", lambda: None)
        await ctx.sleep(days(1))

    @journey()
    async def after(user, ctx):
        await ctx.step("welcome", lambda: None)

    @journey(id="other")
    async def other(user, ctx):
        await ctx.sleep(days(1))

    world = World(pool, journeys=[before, other])
    await world.event("ann", "go")
    await world.settle()
    world = World(pool, journeys=[after, other], start=START + days(1))
    await world.settle()
    assert await world.runs("journey_id, status") == [("tour", "failed"), ("other", "completed")]
    [error, _] = await world.runs("error")
    assert "record 1: the code now calls 'step:welcome', the journal has 'step:greet'" in error


async def test_exit_ends_the_run(pool):
    """``ctx.exit`` ends the run with its reason."""

    @journey()
    async def tour(user, ctx):
        try:
            await ctx.checkpoint("here")
            ctx.exit("had enough")
        except ValueError:
            pass

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.settle()
    assert await world.runs("status, exit_reason") == [("exited", "had enough")]


async def test_trigger_is_exactly_once(pool):
    """The event carries the key of run and call, so a second try adds nothing."""

    @journey()
    async def tour(user, ctx):
        await ctx.trigger("toured", {"n": 1})
        if len(world.errors) == 0:
            raise ValueError

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.advance(minutes(1))
    rows = await pool.fetch("SELECT properties FROM user_events WHERE event = 'toured'")
    assert [row["properties"] for row in rows] == [{"n": 1}]
    assert await world.runs() == ["completed"]


async def test_a_run_in_flight_stops_at_its_next_call(pool):
    """Ended between two steps, the second does not happen."""
    done = []

    @journey(exit_on=["bye"])
    async def tour(user, ctx):
        await ctx.step("one", lambda: done.append(1))
        await world.event("ann", "bye")
        await ctx.step("two", lambda: done.append(2))

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.settle()
    assert done == [1]
    assert await world.runs("status, exit_reason") == [("exited", "bye")]


async def test_deleting_a_contact_ends_its_runs(pool):
    """For the reason ``deleted``; erasing leaves no row."""
    world = World(pool, journeys=[journey(sleeper, entry_limit="once")])
    for user in ("ann", "bob"):
        await world.event(user, "go")
        await world.event(user, "go")
    await world.settle()
    await world.engine.ingest.delete_contact("ann")
    await world.engine.ingest.delete_contact("bob", erase=True)
    assert await world.runs("user_id, status, exit_reason") == [("ann", "exited", "deleted")]
    assert [skip[0] for skip in await world.skips()] == ["ann"]


def test_all_faults_of_a_definition_at_once():
    """Each says what to do."""
    with pytest.raises(DefinitionError) as error:
        define_journey(
            id="Win back",
            name="",
            trigger="",
            entry_limit="twice",
            suppress=days(-1),
            exit_on=[{"evnt": "x"}],
            where=lambda b: b.event("x").exists(),
        )
    assert len(error.value.faults) == 7
    with pytest.raises(DefinitionError, match="is not async; declare it `async def"):
        journey(lambda user, ctx: None)
    with pytest.raises(DefinitionError, match=r"does not take \(user, ctx\)"):

        @journey()
        async def alone(user):
            pass


async def test_faults_of_all_definitions_at_once(pool):
    """Duplicate ids, and transitions that no bucket makes."""
    trial = define_bucket(id="trial", name="T", criteria=lambda b: b.prop("plan").eq("trial"))
    with pytest.raises(DefinitionError) as error:
        World(
            pool,
            buckets=[trial],
            journeys=[
                journey(sleeper),
                journey(sleeper),
                journey(sleeper, id="a", trigger="bucket:entered:trail"),
                journey(sleeper, id="b", exit_on=["bucket:left:x"]),
                journey(sleeper, id="c", trigger="bucket:entered"),
            ],
        )
    assert len(error.value.faults) == 3
    assert "Did you mean 'bucket:entered:trial'?" in str(error.value)
