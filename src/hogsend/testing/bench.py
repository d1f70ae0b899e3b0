"""``bench simulate``: how long a simulated year takes, and a new simulation."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable

from hogsend.buckets.definition import Bucket, define_bucket
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.durations import days
from hogsend.settings import Settings
from hogsend.testing.simulation import simulate

_USERS = 50
_DAYS = 365
_CREATED = 20


async def bench_simulate(
    settings: Settings,  # noqa: ARG001 - the environment says where tests run
    quick: bool,  # noqa: FBT001 - as all workloads take it
    note: Callable[[str], None],
) -> AsyncIterator[Case]:
    """Yield the time that a year takes, and that a new simulation takes after the first."""
    length = _DAYS // 5 if quick else _DAYS
    async with simulate(buckets=_buckets()) as sim:
        note(f"{len(_buckets())} buckets, {_USERS} users, {length} days with an event of each user")
        started = time.perf_counter()
        for day in range(length):
            await sim.events(_events_of(day))
            await sim.advance(days(1))
        took = time.perf_counter() - started
        transitions = len(sim.transitions)
    yield Case(
        name="simulate.year",
        value=took,
        unit="s",
        extra={"days": length, "transitions": transitions, "ms_per_day": took / length * 1000},
    )
    note(f"creating {_CREATED} simulations")
    p50, p99 = percentiles_ms([await _create() for _ in range(_CREATED)])
    yield Case(name="simulate.create", value=p50, unit="ms", p50_ms=p50, p99_ms=p99)


def _buckets() -> list[Bucket]:
    """Ten: activity and dormancy over several windows, limits, dwells, a trial."""
    return [
        *(_active(length) for length in (2, 7, 30)),
        *(_quiet(length) for length in (3, 7, 14)),
        define_bucket(
            id="regular",
            name="Regular",
            min_dwell=days(7),
            criteria=lambda b: b.event("visit").within(days(30)).at_least(20),
        ),
        define_bucket(
            id="spender",
            name="Spender",
            criteria=lambda b: (
                b.event("order").where(b.prop("total").gte(50)).within(days(60)).at_least(3)
            ),
        ),
        define_bucket(
            id="onboarding",
            name="Onboarding",
            entry_limit="once",
            max_dwell=days(14),
            criteria=lambda b: b.event("visit").exists(),
        ).schedule_dwell(after=days(3)),
        define_bucket(
            id="pro", name="Pro", criteria=lambda b: b.prop("plan").eq("pro")
        ).schedule_dwell(every=days(30), label="monthly"),
    ]


def _active(length: int) -> Bucket:
    return define_bucket(
        id=f"active-{length}",
        name=f"Active in {length} days",
        criteria=lambda b: b.event("visit").within(days(length)).exists(),
    )


def _quiet(length: int) -> Bucket:
    return define_bucket(
        id=f"quiet-{length}",
        name=f"Quiet for {length} days",
        criteria=lambda b: b.all(
            b.event("visit").exists(), b.event("visit").within(days(length)).not_exists()
        ),
    )


def _events_of(day: int) -> list[dict[str, object]]:
    """One event of each user; every user has orders, pauses and plans at days of their own."""
    return [_event_of(user, day) for user in range(_USERS)]


def _event_of(user: int, day: int) -> dict[str, object]:
    beat = (day * 7 + user * 11) % 40
    item: dict[str, object] = {
        "userId": f"u{user}",
        "name": "mail.opened" if beat in range(11) else "visit",
    }
    if beat in (0, 13, 27):
        item |= {"name": "order", "eventProperties": {"total": 20 + 10 * (user % 8)}}
    if (day + user) % 90 == 0:
        item["contactProperties"] = {"plan": "pro" if (day // 90) % 2 else "free"}
    return item


async def _create() -> float:
    started = time.perf_counter()
    async with simulate(buckets=_buckets()):
        return time.perf_counter() - started
