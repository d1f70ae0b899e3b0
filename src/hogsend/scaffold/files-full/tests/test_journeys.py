"""Which mail people get, over weeks that pass in milliseconds."""

from hogsend import days

from my_app.constants import ACTIVE, FEATURE_USED, SIGNED_UP


def subjects(sim):
    return [(mail.user_id, mail.subject) for mail in sim.emails]


async def test_only_those_who_tried_nothing_are_helped(hogsend_simulate):
    sim = await hogsend_simulate(app="my_app")
    await sim.event("ada", SIGNED_UP, contact={"name": "Ada"}, email="ada@example.com")
    await sim.event("bob", SIGNED_UP, contact={"name": "Bob"}, email="bob@example.com")
    await sim.advance(days(1))
    await sim.event("bob", FEATURE_USED)
    await sim.advance(days(7))

    assert subjects(sim) == [
        ("ada", "Welcome, Ada"),
        ("bob", "Welcome, Bob"),
        ("ada", "Can we help you get started?"),
    ]


async def test_dormant_people_are_asked_twice_and_after_a_month_once_more(hogsend_simulate):
    sim = await hogsend_simulate(app="my_app")
    await sim.event("ada", ACTIVE, email="ada@example.com")
    await sim.advance(days(60))

    assert subjects(sim) == [
        ("ada", "We have not seen you for a week"),
        ("ada", "Still there?"),
        ("ada", "Shall we keep your account?"),
    ]


async def test_whoever_comes_back_is_left_alone(hogsend_simulate):
    sim = await hogsend_simulate(app="my_app")
    await sim.event("ada", ACTIVE, email="ada@example.com")
    await sim.advance(days(8))
    await sim.event("ada", ACTIVE)
    await sim.advance(days(5))

    assert subjects(sim) == [("ada", "We have not seen you for a week")]
    assert [run.status for run in await sim.runs("win-back")] == ["exited"]
