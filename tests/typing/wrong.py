"""What type checkers have to refuse: an ignore that ignores nothing is an error of its own."""

from __future__ import annotations

from hogsend import (
    DwellContext,
    EnterContext,
    JourneyContext,
    LeaveContext,
    User,
    days,
    define_bucket,
    define_journey,
)

trial = define_bucket(id="trial", name="Trial", criteria=lambda b: b.prop("plan").eq("trial"))


async def on_enter(user: User, ctx: EnterContext) -> None:
    print(ctx.dwell_counts)  # type: ignore[attr-defined]  # pyright: ignore


async def on_leave(user: User, ctx: LeaveContext) -> None: ...


async def on_dwell(user: User, ctx: DwellContext) -> None: ...


def not_async(user: User, ctx: JourneyContext) -> None: ...


trial.on("enter", on_leave)  # type: ignore[call-overload]  # pyright: ignore
trial.on("leave", on_enter)  # type: ignore[call-overload]  # pyright: ignore
trial.on("join", on_enter)  # type: ignore[call-overload]  # pyright: ignore
trial.on("enter", on_enter, after=days(1))  # type: ignore[call-overload]  # pyright: ignore
trial.on("leave", on_leave, reason="boredom")  # type: ignore[call-overload]  # pyright: ignore
trial.on("dwell", not_async, after=days(1))  # type: ignore[call-overload]  # pyright: ignore
trial.on("dwell", after=days(1))(on_leave)  # type: ignore[type-var]  # pyright: ignore
define_journey(id="a", name="A", trigger=trial.entered)(on_leave)  # type: ignore[arg-type]  # pyright: ignore
define_journey(id="b", name="B", trigger="signed.up")(on_enter)  # type: ignore[arg-type]  # pyright: ignore
define_journey(id="c", name="C", trigger=trial.left, entry_limits="once")(on_leave)  # type: ignore[call-overload]  # pyright: ignore
define_journey(id="d", trigger=trial.left)  # type: ignore[call-overload]  # pyright: ignore
define_bucket(id="x", name="X", criteria=lambda b: b.prop("plan").equals("trial"))  # type: ignore[attr-defined]  # pyright: ignore
