"""A user's life in a bucket, from the join to the leave, as somebody would tell it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest

from hogsend import days, define_bucket, hours, minutes
from hogsend.testing import simulate
from hogsend.testing.databases import close_depot

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def simulated(server):
    """``simulate`` on the suite's server."""
    yield partial(simulate, database=server)
    close_depot()


def on_trial(**limits):
    return define_bucket(
        id="trial", name="On trial", criteria=lambda b: b.prop("plan").eq("trial"), **limits
    )


def busy(**limits):
    return define_bucket(
        id="busy",
        name="Three orders in an hour",
        criteria=lambda b: b.event("order").within(hours(1)).at_least(3),
        **limits,
    )


def story(sim):
    """What was announced: what happened, why, and how long after the start."""
    return [(t.kind, t.reason, t.at - START) for t in sim.transitions]


async def test_a_hot_lead_is_announced_each_time(simulated):
    """Without a limit every join starts whatever listens for it."""
    async with simulated(buckets=[on_trial()]) as sim:
        for plan in ("trial", "pro", "trial", "free", "trial"):
            await sim.contact("ann", plan=plan)
            await sim.advance(days(1))
        assert [(kind, at.days) for kind, _, at in story(sim)] == [
            ("entered", 0),
            ("left", 1),
            ("entered", 2),
            ("left", 3),
            ("entered", 4),
        ]


async def test_a_second_trial_gets_no_second_welcome(simulated):
    """``once``: she is in again and counted, but only the first join is announced."""
    bucket = on_trial(entry_limit="once")
    async with simulated(buckets=[bucket]) as sim:
        for plan in ("trial", "pro", "trial"):
            await sim.contact("ann", plan=plan)
            await sim.advance(days(365))
        assert await sim.members(bucket) == {"ann"}
        assert [kind for kind, _, _ in story(sim)] == ["entered", "left"]


async def test_a_win_back_at_most_once_in_thirty_days(simulated):
    """``once_per_period`` counts from the latest leave, also of a stay that began silently."""
    bucket = on_trial(entry_limit="once_per_period", entry_period=days(30))
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.contact("ann", plan="pro")  # left on day 0
        await sim.advance(days(20))
        await sim.contact("ann", plan="trial")  # 20 days later: silent
        await sim.advance(days(5))
        await sim.contact("ann", plan="pro")  # left on day 25
        await sim.advance(days(30) - hours(1))
        await sim.contact("ann", plan="trial")  # 54 days after the first leave, yet silent
        await sim.contact("ann", plan="pro")
        await sim.advance(days(30))
        await sim.contact("ann", plan="trial")  # exactly 30 days after the latest leave
        assert [(kind, at) for kind, _, at in story(sim) if kind == "entered"] == [
            ("entered", days(0)),
            ("entered", days(85) - hours(1)),
        ]


async def test_on_a_trial_and_converted_before_the_third_day(simulated):
    """A stay of at least three days: she pays on the first day and leaves on the third."""
    bucket = on_trial(min_dwell=days(3))
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.advance(days(1))
        await sim.contact("ann", plan="pro")
        assert await sim.members(bucket) == {"ann"}
        await sim.advance(days(9))
        assert story(sim) == [("entered", None, days(0)), ("left", "criteria", days(3))]


async def test_converted_and_back_on_the_trial_before_the_third_day(simulated):
    """The leave that was put off is called off; one stay, nothing announced in between."""
    bucket = on_trial(min_dwell=days(3))
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.advance(days(1))
        await sim.contact("ann", plan="pro")
        await sim.advance(days(1))
        await sim.contact("ann", plan="trial")
        await sim.advance(days(8))
        assert story(sim) == [("entered", None, days(0))]
        await sim.contact("ann", plan="pro")
        assert story(sim)[-1] == ("left", "criteria", days(10))


async def test_a_busy_customer_stays_busy_for_a_day(simulated):
    """The orders fall out of their hour, the stay lasts its day; new orders prolong it."""
    bucket = busy(min_dwell=days(1))
    async with simulated(buckets=[bucket]) as sim:
        orders = [{"name": "order", "userId": user} for user in ("ann", "bob") for _ in range(3)]
        await sim.events(orders)
        await sim.advance(days(1) - hours(0.5))
        await sim.events(orders[:3])  # ann, half an hour before her day is over
        await sim.advance(days(5))
        left = {t.user_id: t.at - START for t in sim.transitions if t.kind == "left"}
        assert left == {"bob": days(1), "ann": days(1) + hours(0.5)}


async def test_an_onboarding_of_two_weeks_is_over_for_good(simulated):
    """``max_dwell`` and ``once``: still on trial, but out, and never in again."""
    bucket = on_trial(max_dwell=days(14), entry_limit="once")
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.advance(days(20))
        for plan in ("pro", "trial"):
            await sim.contact("ann", plan=plan)
        await sim.advance(days(200))
        assert await sim.members(bucket) == set()
        assert story(sim) == [("entered", None, days(0)), ("left", "max_dwell", days(14))]


async def test_a_promotion_of_a_week_may_come_back_after_a_month(simulated):
    """``max_dwell`` and ``once_per_period``: out for the period, then in again by the clock."""
    bucket = on_trial(max_dwell=days(7), entry_limit="once_per_period", entry_period=days(30))
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.advance(days(36))
        assert await sim.members(bucket) == set()
        await sim.advance(days(2))
        assert story(sim) == [
            ("entered", None, days(0)),
            ("left", "max_dwell", days(7)),
            ("entered", None, days(37)),
        ]


async def test_who_converts_while_shut_out_is_not_let_in_again(simulated):
    """When the period is over, the criteria decide."""
    bucket = on_trial(max_dwell=days(7), entry_limit="once_per_period", entry_period=days(30))
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.advance(days(10))
        await sim.contact("ann", plan="pro")
        await sim.advance(days(60))
        assert [kind for kind, _, _ in story(sim)] == ["entered", "left"]


async def test_a_weekly_flush(simulated):
    """``max_dwell`` without a limit: out and in again at the same instant, week after week."""
    async with simulated(buckets=[on_trial(max_dwell=days(7))]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.advance(days(15))
        assert story(sim) == [
            ("entered", None, days(0)),
            ("left", "max_dwell", days(7)),
            ("entered", None, days(7)),
            ("left", "max_dwell", days(14)),
            ("entered", None, days(14)),
        ]


async def test_a_stay_that_ends_by_itself_on_its_last_day(simulated):
    """Both limits on the same day as the window's end: one leave, and ``max_dwell`` is why."""
    limits = {"min_dwell": hours(1), "max_dwell": hours(1), "entry_limit": "once"}
    async with simulated(buckets=[busy(**limits)]) as sim:
        await sim.events([{"name": "order", "userId": "ann"}] * 3)
        await sim.advance(hours(3))
        assert story(sim) == [("entered", None, hours(0)), ("left", "max_dwell", hours(1))]


async def test_a_trial_that_ends_hands_over_at_that_very_instant(simulated):
    """Out of "ends soon" and into "ended": no instant in both, none in neither."""
    ending = define_bucket(
        id="ending", name="Ends soon", criteria=lambda b: b.prop("ends").within_next(days(3))
    )
    ended = define_bucket(
        id="ended", name="Ended", criteria=lambda b: b.prop("ends").within_last(days(2))
    )
    async with simulated(buckets=[ending, ended]) as sim:
        await sim.contact("ann", ends="2026-01-10")
        await sim.advance(days(30))
        assert sorted((t.at - START, t.bucket_id, t.kind) for t in sim.transitions) == [
            (days(6), "ending", "entered"),
            (days(9), "ended", "entered"),
            (days(9), "ending", "left"),
            (days(11), "ended", "left"),
        ]


async def test_the_nudge_counts_from_the_day_she_came_back(simulated):
    """Each stay has its own dwells, also when a flush ends one and begins the next."""
    bucket = on_trial(max_dwell=days(5)).schedule_dwell(every=days(2), label="nudge")
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.advance(days(10))
        assert [(d.count, d.at - START) for d in sim.dwells] == [
            (1, days(2)),
            (2, days(4)),
            (1, days(7)),
            (2, days(9)),
        ]


async def test_a_deleted_user_who_returns_is_no_stranger(simulated):
    """Her deletion ended the stay silently; the next one is her second, and ``once`` knows it."""
    bucket = on_trial(entry_limit="once")
    async with simulated(buckets=[bucket]) as sim:
        await sim.contact("ann", plan="trial")
        await sim.delete_contact("ann")
        await sim.contact("ann", plan="trial")
        assert await sim.members(bucket) == {"ann"}
        assert [kind for kind, _, _ in story(sim)] == ["entered"]
        await sim.delete_contact("ann", erase=True)
        await sim.contact("ann", plan="trial")
        assert [kind for kind, _, _ in story(sim)] == ["entered"]  # her first: all else is erased


async def test_a_bucket_at_the_cadence_is_late_and_never_wrong(simulated):
    """``fast_expiry=False``: the leave comes with the schedule, an event in between goes first."""
    bucket = busy(fast_expiry=False)
    async with simulated(buckets=[bucket], start=START + minutes(2)) as sim:
        await sim.events([{"name": "order", "userId": user} for user in ("ann", "bob")] * 3)
        await sim.advance(minutes(61))
        await sim.event("bob", "order")  # a minute after three of his fell out of their hour
        assert await sim.members(bucket) == {"ann"}
        await sim.advance(hours(1))
        left = {t.user_id: t.at - START for t in sim.transitions if t.kind == "left"}
        assert left == {"bob": minutes(63), "ann": minutes(65)}
