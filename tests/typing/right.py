"""What users write, and what type checkers have to make of it; checked by `make types`, never run."""

from __future__ import annotations

from typing import Literal, assert_type

from hogsend import (
    BUCKET_ENTERED,
    BUCKET_LEFT,
    Bucket,
    Client,
    DwellContext,
    EnterContext,
    Journey,
    JourneyContext,
    LeaveContext,
    User,
    create_client,
    days,
    define_bucket,
    define_journey,
)
from hogsend.buckets.definition import MemberPage, Result
from hogsend.testing import Simulation, simulate

trial = define_bucket(id="trial", name="Trial", criteria=lambda b: b.prop("plan").eq("trial"))
assert_type(trial, Bucket)
name: str = trial.entered  # a name is a text, too


@trial.on("enter", first_entry_only=True)
async def greet(user: User, ctx: EnterContext) -> None:
    assert_type(ctx.entry_count, int)
    assert_type(ctx.is_first_entry, bool)


@trial.on("leave", reason=["criteria", "max_dwell"])
async def farewell(user: User, ctx: LeaveContext) -> None:
    assert_type(ctx.reason, Literal["criteria", "max_dwell", "manual"])


@trial.on("dwell", after=days(3), label="three")
async def remind(user: User, ctx: DwellContext) -> None:
    assert_type(ctx.dwell_count, int)
    assert_type(ctx.entry_count, int)
    await ctx.sleep(days(1))


@trial.on("dwell", every=days(7))
async def whatever_started_it(user: User, ctx: JourneyContext) -> None:
    assert_type(ctx.entry_count, int | None)


async def chained(user: User, ctx: JourneyContext) -> None: ...


assert_type(trial.on("enter", chained).on("leave", chained, reason="manual"), Bucket)


@define_journey(id="a", name="A", trigger=trial.entered, exit_on=[trial.left])
async def by_join(user: User, ctx: EnterContext) -> None:
    assert_type(user.email, str | None)


@define_journey(id="b", name="B", trigger=trial.left, entry_limit="once")
async def by_leave(user: User, ctx: LeaveContext) -> str:
    return ctx.reason


@define_journey(id="c", name="C", trigger="signed.up")
async def by_event(user: User, ctx: JourneyContext) -> None:
    answer = await ctx.wait_for_event("answered", timeout=days(1))
    assert_type(answer.timed_out, bool)


@define_journey(id="d", name="D", trigger=BUCKET_ENTERED)
async def by_any_join(user: User, ctx: EnterContext) -> None: ...


@define_journey(id="e", name="E", trigger=BUCKET_LEFT)
async def by_any_leave(user: User, ctx: LeaveContext) -> None: ...


assert_type(by_join, Journey)
assert_type(create_client(buckets=[trial], journeys=[by_join, by_leave]), Client)
assert_type(create_client(app="my_app"), Client)


async def members() -> None:
    assert_type(await trial.count(), Result[int])
    assert_type(await trial.members(limit=10), Result[MemberPage])
    async with simulate(buckets=[trial], journeys=[by_join]) as sim:
        assert_type(sim, Simulation)
        assert_type(await sim.members(trial), set[str])
