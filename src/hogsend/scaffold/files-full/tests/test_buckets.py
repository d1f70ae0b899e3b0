"""Who is in which group, and when; time is virtual, everything else is real."""

from hogsend import days, hours

from my_app.constants import ACTIVE, FEATURE_USED


async def test_ten_uses_in_thirty_days_make_a_power_user(hogsend_simulate):
    sim = await hogsend_simulate(app="my_app")
    for _ in range(10):
        assert await sim.members("power-users") == set()
        await sim.event("ada", FEATURE_USED)
    assert await sim.members("power-users") == {"ada"}

    await sim.advance(days(30))
    assert await sim.members("power-users") == set()


async def test_a_trial_that_ends_within_three_days(hogsend_simulate):
    sim = await hogsend_simulate(app="my_app", start="2026-01-01T00:00:00Z")
    await sim.contact("ada", plan="trial", trial_ends_at="2026-01-08T12:00:00Z")
    await sim.contact("bob", plan="pro", trial_ends_at="2026-01-08T12:00:00Z")

    await sim.advance_to("2026-01-05T11:59:59Z")
    assert await sim.members("trial-expiring-soon") == set()
    await sim.advance_to("2026-01-05T12:00:00Z")
    assert await sim.members("trial-expiring-soon") == {"ada"}

    await sim.contact("ada", plan="pro")
    assert await sim.members("trial-expiring-soon") == set()


async def test_a_week_of_silence_and_a_return(hogsend_simulate):
    sim = await hogsend_simulate(app="my_app")
    await sim.event("ada", ACTIVE)
    await sim.advance(days(7))
    assert await sim.members("went-dormant") == {"ada"}

    await sim.advance(hours(1))
    await sim.event("ada", ACTIVE)
    assert await sim.members("went-dormant") == set()
