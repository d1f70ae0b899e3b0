"""``bench studio``: how long operators wait for each page and read of a large installation.

A million people, one bucket that all of them are in and have left once before, 2,000 small buckets
beside it, millions of events, runs and mails. Each read goes through the whole HTTP application in
this process, one after the other; the figure is the 95th percentile.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any, Final

import httpx2
from pydantic import SecretStr

from hogsend.app.client import Client, create_client
from hogsend.asgi import create_app
from hogsend.buckets.definition import Bucket, define_bucket
from hogsend.cli.bench.journeys import tour
from hogsend.cli.bench.report import Case, percentiles_ms
from hogsend.cli.bench.scratch import SQL, Note, scratch_place
from hogsend.clock import SystemClock
from hogsend.criteria.ast import Criteria
from hogsend.criteria.builder import CriteriaBuilder
from hogsend.db.pool import connect
from hogsend.durations import days
from hogsend.errors import HogsendError
from hogsend.runtime.tallies import Tallier
from hogsend.settings import Settings

_KEY: Final = "bench-studio-key-of-this-process"
_OK: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scale:
    contacts: int
    events: int
    runs: int
    buckets: int
    rounds: int


_FULL: Final = _Scale(contacts=1_000_000, events=3_000_000, runs=200_000, buckets=2_000, rounds=30)
_QUICK: Final = _Scale(contacts=50_000, events=150_000, runs=10_000, buckets=200, rounds=20)


async def bench_studio(settings: Settings, quick: bool, note: Note) -> AsyncIterator[Case]:
    """Yield the 95th percentile of every page and read."""
    scale = _QUICK if quick else _FULL
    now = SystemClock().now()
    async with scratch_place(settings) as dsn:
        buckets = _buckets(scale.buckets)
        client = create_client(buckets=buckets, journeys=[tour], settings=_settings(dsn))
        async with client:
            await _fill(dsn, scale, now, note)
            await _add_up(client)
            async with _http(client) as http:
                await http.post("/studio/sign-in", data={"key": _KEY})
                for name, path in _reads(now).items():
                    yield await _measure(http, name, path, scale.rounds)


def _settings(dsn: str) -> Settings:
    return Settings(
        database_url=SecretStr(dsn),
        admin_api_key=SecretStr(_KEY),
        admin_rate_limit=1_000_000,
        read_timeout=60,
    )


def _active(b: CriteriaBuilder) -> Criteria:
    return b.event("app.active").within(days(60)).exists()


def _buckets(count: int) -> list[Bucket]:
    return [
        define_bucket(id=id_, name=id_.replace("-", " ").capitalize(), criteria=_active)
        for id_ in ("everybody", *(f"small-{number}" for number in range(1, count)))
    ]


async def _fill(dsn: str, scale: _Scale, now: datetime, note: Note) -> None:
    """Rows, by SQL; the triggers count them."""
    small = [f"small-{number}" for number in range(1, scale.buckets)]
    steps: dict[str, tuple[Any, ...]] = {
        f"{scale.contacts:,} people": (SQL.generate_people, scale.contacts, now),
        f"{2 * scale.contacts:,} stays": (SQL.generate_stays, scale.contacts, "everybody", now),
        f"{len(small):,} small buckets": (SQL.generate_small_buckets, small, now),
        f"{scale.events:,} events": (SQL.generate_events, scale.contacts, scale.events, now),
        f"{scale.runs:,} runs": (
            SQL.generate_sleepers, scale.runs, "tour", now + days(1), now - days(1), "user_",
        ),
        f"{scale.runs:,} mails": (SQL.generate_mail, scale.runs, now),
    }  # fmt: skip
    connection = await connect(dsn)
    try:
        await connection.execute("SET synchronous_commit = off; SET work_mem = '256MB'")
        for what, (statement, *values) in steps.items():
            note(f"making {what}")
            await connection.execute(statement, *values)
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()


async def _add_up(client: Client) -> None:
    tallier = Tallier(pool=client.engine.pool)
    while await tallier.run_once() == 0:
        pass
    await client.engine.pool.execute("VACUUM ANALYZE tallies, tally_changes")


def _reads(now: datetime) -> Mapping[str, str]:
    """What is asked for, by the name of its case."""
    month = f"from={(now - timedelta(days=30)).date()}"
    admin, studio = "/v1/admin", "/studio"
    return {
        "overview": f"{studio}/",
        "buckets": f"{studio}/buckets",
        "bucket": f"{studio}/buckets/everybody",
        "people": f"{studio}/people",
        "people.search": f"{studio}/people?q=user_77",
        "person": f"{studio}/people/user_7",
        "why": f"{studio}/why?user=user_7&bucket=everybody",
        "journeys": f"{studio}/journeys",
        "journey": f"{studio}/journeys/tour",
        "events": f"{studio}/events",
        "mail": f"{studio}/mail",
        "jobs": f"{studio}/jobs",
        "audit": f"{studio}/audit",
        "api.overview": f"{admin}/metrics/overview",
        "api.buckets": f"{admin}/buckets",
        "api.buckets.far": f"{admin}/buckets?offset=1900",
        "api.bucket": f"{admin}/buckets/everybody",
        "api.metrics.buckets": f"{admin}/metrics/buckets",
        "api.series.day": f"{admin}/metrics/buckets/everybody",
        "api.series.hour": f"{admin}/metrics/buckets/everybody?period=hour&{month}",
        "api.series.week": f"{admin}/metrics/buckets/everybody?period=week",
        "api.members": f"{admin}/buckets/everybody/members?status=active",
        "api.members.left": f"{admin}/buckets/everybody/members?status=left",
        "api.members.all": f"{admin}/buckets/everybody/members",
        "api.members.far": f"{admin}/buckets/everybody/members?offset=10000",
        "api.members.after": f"{admin}/buckets/everybody/members?after=user_5",
        "api.members.user": f"{admin}/buckets/everybody/members?userId=user_77",
        "api.explain": f"{admin}/buckets/everybody/explain?userId=user_77",
        "api.contacts": f"{admin}/contacts",
        "api.contacts.far": f"{admin}/contacts?offset=10000",
        "api.contacts.search": f"{admin}/contacts?search=user_77",
        "api.contacts.search.all": f"{admin}/contacts?search=user",
        "api.contact": f"{admin}/contacts/user_7",
        "api.timeline": f"{admin}/contacts/user_7/timeline",
        "api.events": f"{admin}/events",
        "api.events.name": f"{admin}/events?event=app.active",
        "api.events.far": f"{admin}/events?offset=10000",
        "api.events.user": f"{admin}/events?userId=user_7",
        "api.events.names": f"{admin}/events/names",
        "api.metrics.events": f"{admin}/metrics/events",
        "api.journeys": f"{admin}/journeys",
        "api.journey": f"{admin}/journeys/tour",
        "api.funnel": f"{admin}/metrics/journeys/tour",
        "api.runs": f"{admin}/journeys/tour/states?status=waiting",
        "api.runs.none": f"{admin}/journeys/tour/states?status=failed",
        "api.runs.far": f"{admin}/journeys/tour/states?offset=10000",
        "api.metrics.emails": f"{admin}/metrics/emails",
    }


def _http(client: Client) -> httpx2.AsyncClient:
    """The application without a socket."""
    return httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=create_app(client)),
        base_url="http://bench",
        headers={"Authorization": f"Bearer {_KEY}", "Origin": "http://bench"},
        timeout=120,
    )


async def _measure(http: httpx2.AsyncClient, name: str, path: str, rounds: int) -> Case:
    took = []
    for _ in range(rounds):
        started = time.perf_counter()
        answer = await http.get(path)
        took.append(time.perf_counter() - started)
        if answer.status_code != _OK:
            raise HogsendError(f"{path} answers {answer.status_code}: {answer.text[:500]}")
    p50, p99 = percentiles_ms(took)
    p95 = quantiles(took, n=20, method="inclusive")[-1] * 1000
    return Case(
        name=f"studio.{name}",
        value=p95,
        unit="ms (p95)",
        p50_ms=p50,
        p99_ms=p99,
        extra={"p95_ms": p95, "first_ms": took[0] * 1000},
    )
