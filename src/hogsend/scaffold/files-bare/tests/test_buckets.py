"""Who is in which group, and when; time is virtual, everything else is real."""

from hogsend import days


async def test_a_week_of_silence_and_a_return(hogsend_simulate):
    sim = await hogsend_simulate(app="my_app")
    await sim.event("ada", "app.active")
    await sim.advance(days(7))
    assert await sim.members("went-dormant") == {"ada"}

    await sim.event("ada", "app.active")
    assert await sim.members("went-dormant") == set()
