"""The context beyond sleeping and steps, in virtual time."""

from __future__ import annotations

from tests.world import START, World

from hogsend.durations import days, hours, minutes
from hogsend.email.preferences import unsubscribe
from hogsend.journeys.context import choose_arm
from hogsend.journeys.definition import define_journey


def journey(function=None, **arguments):
    declare = define_journey(**({"id": "tour", "name": "Tour", "trigger": "go"} | arguments))
    return declare if function is None else declare(function)


async def test_when_knows_the_users_time_zone(pool):
    """The property ``timezone`` as of the start; anything else there is UTC."""

    @journey()
    async def tour(user, ctx):
        await ctx.sleep_until(ctx.when.tomorrow().at("09:00"))

    world = World(pool, journeys=[tour])
    await world.event("ann", "go", contact={"timezone": "Asia/Tokyo"})
    await world.event("bob", "go", contact={"timezone": "Nowhere"})
    await world.settle()
    assert await world.runs("user_id, wake_at") == [
        ("ann", START + days(1)),
        ("bob", START + days(1) + hours(9)),
    ]


async def test_answers_are_recorded(pool):
    """What was true when it was asked stays the answer, whatever happens then."""
    answers = []

    @journey()
    async def tour(user, ctx):
        answer = (
            await ctx.guard.is_subscribed(),
            await ctx.history.has_event("buy", within=days(2)),
            await ctx.history.has_event("buy", where=lambda b: b.prop("n").gt(1)),
            (await ctx.history.journey("tour")).count,
            (await ctx.history.email("hello")).count,
            (await ctx.contact()).properties.get("plan"),
            await ctx.variant("subject", ["a", "b", "c"]),
        )
        answers.append(answer)
        await ctx.sleep(days(1))

    world = World(pool, journeys=[tour])
    await world.event("ann", "buy", {"n": 1}, contact={"plan": "pro"})
    await world.event("ann", "go")
    await world.settle()
    await world.event("ann", "buy", {"n": 2}, contact={"plan": "free"})
    await unsubscribe(pool, "ann", now=world.now)
    await world.advance(days(1))
    arm = choose_arm("ann", "subject", {"a": 1, "b": 1, "c": 1})
    assert answers == [(True, True, False, 0, 0, "pro", arm)] * 2
    await pool.execute("DELETE FROM email_preferences")
    await world.event("ann", "go")
    await world.settle()
    assert answers[2] == (True, True, True, 1, 0, "free", arm)


def test_arms_by_weight():
    """About as often as they weigh; a key deals anew."""
    users = [f"u{n}" for n in range(4000)]
    arms = [choose_arm(user, "k", {"a": 1, "b": 3}) for user in users]
    assert 0.22 < arms.count("a") / len(arms) < 0.28
    assert arms != [choose_arm(user, "other", {"a": 1, "b": 3}) for user in users]


async def test_a_digest_gathers_what_came(pool):
    """The trigger first, then what arrived until it is over; the next one begins there."""
    digests = []

    @journey()
    async def tour(user, ctx):
        for _ in range(2):
            digest = await ctx.digest(hours(1), limit=3)
            digests.append((digest.count, [each.properties.get("n") for each in digest.events]))

    world = World(pool, journeys=[tour])
    for n in range(3):
        await world.event("ann", "go", {"n": n})
        await world.event("ann", "other", {"n": n})
        await world.settle()
    await world.advance(minutes(59))
    await world.events(
        [{"userId": "ann", "name": "go", "eventProperties": {"n": n}} for n in (3, 4)]
    )
    await world.advance(minutes(1))
    assert digests == [(5, [0, 1, 2])]
    await world.event("ann", "go", {"n": 5})
    await world.advance(hours(1))
    assert digests[-1] == (1, [5])
    assert await world.runs() == ["completed"]


async def test_a_throttle_lets_so_many_pass(pool):
    """Per user and key, within a sliding window, over all runs; a replay does not count again."""
    passed = []

    @journey()
    async def tour(user, ctx):
        passed.append((user.id, await ctx.throttle(2, days(7))))
        await ctx.sleep(hours(1))

    world = World(pool, journeys=[tour])
    for day in range(9):
        await world.advance(START + days(day) - world.now)
        for user in ("ann", "bob") if day == 0 else ("ann",):
            await world.event(user, "go")
        await world.settle()
    firsts = [ok for user, ok in passed if user == "ann"][::2]
    assert firsts == [True, True, False, False, False, False, False, True, True]
    assert [ok for user, ok in passed if user == "bob"] == [True, True]


async def test_calls_inside_of_calls_are_errors(pool):
    """A durable call within a step, or two at once, cannot be replayed in order."""

    @journey()
    async def tour(user, ctx):
        await ctx.step("outer", lambda: ctx.step("inner", lambda: 1))

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.settle()
    [error] = await world.runs("error")
    assert "step:inner was called while step:outer is under way" in error


async def test_results_are_what_json_has(pool):
    """The same at the first time and at a replay; anything else is an error that says so."""
    results = []

    @journey()
    async def tour(user, ctx):
        results.append(await ctx.step("tuple", lambda: (1, {"a": None})))
        await ctx.sleep(days(1))
        await ctx.step("object", object)

    world = World(pool, journeys=[tour])
    await world.event("ann", "go")
    await world.advance(days(1))
    assert results == [[1, {"a": None}]] * 2
    [error] = await world.runs("error")
    assert "step:object returned object, which cannot be recorded" in error
