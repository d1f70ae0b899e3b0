"""What is wrong with an installation, and what to do about it.

Each check looks at one thing and answers with a finding. A fault needs somebody to act; advice
may wait. Nothing is changed, and nothing here needs the app: what it looks at is in the database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any, Final

from hogsend.clock import Clock
from hogsend.db.migrate import MIGRATIONS, applied_revision, packaged_revisions
from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries
from hogsend.ops.outbox import Destination, summarize
from hogsend.runtime.presence import SILENCE

SQL = load_queries(__package__)

_SKEW: Final = timedelta(seconds=2)
_LATE: Final = timedelta(minutes=1)
_CADENCE: Final = timedelta(hours=1)
_LATELY: Final = timedelta(days=1)
_UNDELIVERED_S: Final = 300.0
_DEAD_ROWS: Final = 10_000
_FEW_CONNECTIONS: Final = 50
_BUSY: Final = 0.8
_INDEX: Final = re.compile(r"^(CREATE(?: UNIQUE)?|DROP) INDEX (\w+)", re.MULTILINE)


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    ADVICE = "advice"
    FAULT = "fault"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found.

    Attributes:
        check: What was looked at.
        message: What was found.
        advice: What to do; empty if nothing is to be done.
    """

    check: str
    level: Level
    message: str
    advice: str = ""

    def to_json(self) -> dict[str, str]:
        """For programs."""
        return {
            "check": self.check,
            "level": str(self.level),
            "message": self.message,
            "advice": self.advice,
        }


async def examine(connection: Connection, clock: Clock) -> list[Finding]:
    """Everything that can be looked at, in the order in which it should be mended."""
    findings = [
        *await _server(connection, clock),
        *await _settings(connection),
        await _schema(connection),
    ]
    if findings[-1].level is Level.FAULT:  # the rest is about tables that are not there
        return findings
    return [
        *findings,
        *await _indexes(connection),
        *await _dead_rows(connection),
        *await _progress(connection, clock.now()),
        _judge_mail(await connection.fetchval(SQL.doctor_mail, clock.now() - _LATELY)),
        *_judge_outbox((await summarize(connection, clock.now())).destinations),
    ]


async def _server(connection: Connection, clock: Clock) -> Iterator[Finding]:
    version = connection.get_server_version()
    now = clock.now()
    row = await connection.fetchrow(SQL.doctor_server)
    assert row is not None  # noqa: S101 - one row
    skew = row["now"] - (now + (clock.now() - now) / 2)
    limit = int(await connection.fetchval("SHOW max_connections"))
    return iter(
        [
            _ok("version", f"PostgreSQL {version.major}.{version.micro}"),
            _clock(skew),
            _connections(row["connections"], limit),
        ]
    )


def _clock(skew: timedelta) -> Finding:
    seconds = skew.total_seconds()
    if abs(skew) <= _SKEW:
        return _ok("clock", f"{abs(seconds):.1f} s between this machine and the database")
    return Finding(
        check="clock",
        level=Level.FAULT,
        message=f"The database's clock is {seconds:+.1f} s away from this machine's.",
        advice="Let NTP set both clocks: memberships change at the instants of the machine that "
        "runs the worker, and events are dated by the one that takes them.",
    )


def _connections(used: int, limit: int) -> Finding:
    if limit < _FEW_CONNECTIONS:
        return Finding(
            check="connections",
            level=Level.ADVICE,
            message=f"max_connections is {limit}.",
            advice="Each process opens up to DATABASE_POOL_SIZE (12) and 4: raise max_connections, "
            "or put pgbouncer before the database (STATEMENT_CACHE_SIZE=0).",
        )
    if used > _BUSY * limit:
        return Finding(
            check="connections",
            level=Level.FAULT,
            message=f"{used} of {limit} connections are in use.",
            advice="Lower DATABASE_POOL_SIZE, run fewer processes, or use pgbouncer.",
        )
    return _ok("connections", f"{used} of {limit} in use")


_WANTED: Final = {
    "synchronous_commit": "An event is acknowledged although a crash may lose it.",
    "fsync": "A crash of the machine may damage the database beyond repair.",
    "full_page_writes": "A crash of the machine may damage pages.",
    "autovacuum": "Tables and indexes grow without end, and plans go wrong.",
}


async def _settings(connection: Connection) -> Iterator[Finding]:
    rows = await connection.fetch(SQL.doctor_settings)
    return _judge_settings({row["name"]: row["setting"] for row in rows})


def _judge_settings(settings: Mapping[str, str]) -> Iterator[Finding]:
    for name, danger in _WANTED.items():
        if settings[name] == "off":
            yield Finding(
                check=name,
                level=Level.FAULT,
                message=f"{name} is off. {danger}",
                advice=f"Set it in postgresql.conf or with ALTER SYSTEM SET {name} = on, and "
                "reload the server.",
            )
        else:
            yield _ok(name, settings[name])


async def _schema(connection: Connection) -> Finding:
    applied, known = await applied_revision(connection), packaged_revisions()
    if applied == known[-1]:
        return _ok("migrations", f"revision {applied}")
    if applied is not None and applied not in known:
        return _fault(
            "migrations",
            f"The schema is at revision {applied}, newer than this code ({known[-1]}).",
            "Upgrade the hogsend package here.",
        )
    return _fault(
        "migrations",
        f"The schema is at revision {applied or 'none'}; this code needs {known[-1]}.",
        "Run `hogsend migrate`.",
    )


async def _indexes(connection: Connection) -> Iterator[Finding]:
    rows = await connection.fetch(SQL.doctor_indexes)
    valid = {row["relname"]: row["indisvalid"] for row in rows}
    missing = sorted(_packaged_indexes() - valid.keys())
    broken = sorted(name for name, good in valid.items() if not good)
    found = [_fault("indexes", f"{name} is missing.", _how_to_index(name)) for name in missing] + [
        _fault("indexes", f"{name} is invalid.", f"REINDEX INDEX CONCURRENTLY {name};")
        for name in broken
    ]
    return iter(found or [_ok("indexes", f"{len(valid)}, all valid")])


def _how_to_index(name: str) -> str:
    return f"Look for `{name}` in hogsend/db/migrations/versions, and run its CREATE INDEX again."


@cache
def _packaged_indexes() -> frozenset[str]:
    """The indexes that are there after all migrations."""
    names: set[str] = set()
    for script in sorted((MIGRATIONS / "versions").glob("[0-9]*.sql")):
        for verb, name in _INDEX.findall(script.read_text(encoding="utf-8")):
            (names.discard if verb == "DROP" else names.add)(name)
    return frozenset(names)


async def _dead_rows(connection: Connection) -> Iterator[Finding]:
    rows = await connection.fetch(SQL.doctor_tables, _DEAD_ROWS)
    found = [
        Finding(
            check="dead rows",
            level=Level.ADVICE,
            message=f"{row['relname']} has {row['n_dead_tup']:,} dead rows beside "
            f"{row['n_live_tup']:,} living ones.",
            advice=f"VACUUM (ANALYZE) {row['relname']}; and let autovacuum come more often: "
            f"ALTER TABLE {row['relname']} SET (autovacuum_vacuum_scale_factor = 0.05);",
        )
        for row in rows
    ]
    return iter(found or [_ok("dead rows", "few")])


async def _progress(connection: Connection, now: datetime) -> Iterator[Finding]:
    row = await connection.fetchrow(SQL.doctor_stuck, now - SILENCE, now - _LATE)
    assert row is not None  # noqa: S101 - a row of aggregates
    return _judge_progress(dict(row), now)


def _judge_progress(seen: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    yield _workers(seen["workers"])
    yield _lag(seen["oldest_timer"], now)
    yield _stuck("journeys", seen["stuck_runs"], "runs of journeys")
    yield _stuck("jobs", seen["stuck_jobs"], "jobs")
    for bucket in seen["failed_jobs"] or []:
        yield _fault(
            "jobs",
            f"The job of bucket {bucket} has failed.",
            "`hogsend buckets jobs` shows why; mend it and run the job again.",
        )
    yield _reconciled(seen["reconciled_at"], now)
    if drift := seen["drift"]:
        yield Finding(
            check="drift",
            level=Level.ADVICE,
            message=f"The audit has repaired {drift:,} memberships so far.",
            advice="It should be none: look for rows that were written past Hogsend, else tell us.",
        )


def _workers(alive: int) -> Finding:
    if alive:
        return _ok("workers", f"{alive} alive")
    return _fault(
        "workers",
        "No worker is alive: nothing happens because time passes.",
        "Run `hogsend worker`.",
    )


def _lag(oldest: datetime | None, now: datetime) -> Finding:
    late = timedelta(0) if oldest is None else max(timedelta(0), now - oldest)
    if late <= _LATE:
        return _ok("pump lag", f"{late.total_seconds():.1f} s")
    return _fault(
        "pump lag",
        f"The oldest due timer has been waiting for {late.total_seconds():,.0f} s.",
        "Run more workers, or look at their logs. Buckets with fast_expiry=False wait for "
        "BUCKET_RECONCILE_CRON by intent.",
    )


def _stuck(check: str, count: int, what: str) -> Finding:
    if not count:
        return _ok(check, "none stuck")
    return _fault(
        check,
        f"{count:,} {what} are held by a worker that has been silent for over a minute.",
        "A living worker takes them over by itself: run `hogsend worker`, and look at its log.",
    )


def _reconciled(tick: datetime | None, now: datetime) -> Finding:
    if tick is not None and now - tick <= _CADENCE:
        return _ok("reconcile", f"{(now - tick).total_seconds():,.0f} s ago")
    when = "never" if tick is None else f"{tick:%Y-%m-%d %H:%M:%S} UTC"
    return Finding(
        check="reconcile",
        level=Level.ADVICE,
        message=f"Memberships were audited last: {when}.",
        advice="A worker does it at BUCKET_RECONCILE_CRON.",
    )


def _judge_mail(kept: int) -> Finding:
    if not kept:
        return _ok("mail", "none was only kept within a day")
    return Finding(
        check="mail",
        level=Level.ADVICE,
        message=f"Of the latest mails {kept:,} were put on record within a day and sent to nobody.",
        advice="Set MAIL_PROVIDER to smtp or resend where journeys run; with console it is meant.",
    )


def _judge_outbox(destinations: Sequence[Destination]) -> Iterator[Finding]:
    for each in destinations:
        if each.lag_secs > _UNDELIVERED_S:
            yield _fault(
                "outbox",
                f"{each.pending:,} deliveries to {each.destination} wait, the oldest for "
                f"{each.lag_secs:,.0f} s.",
                f"`hogsend outbox list {each.destination} --pending` says why; for PostHog a "
                "worker needs POSTHOG_API_KEY.",
            )
        if each.dead:
            yield Finding(
                check="outbox",
                level=Level.ADVICE,
                message=f"{each.dead:,} deliveries to {each.destination} were given up.",
                advice=f"`hogsend outbox list {each.destination}` says why; mend it, then "
                f"`hogsend outbox replay {each.destination}`.",
            )
    if not any(each.dead or each.lag_secs > _UNDELIVERED_S for each in destinations):
        yield _ok("outbox", f"{sum(each.pending for each in destinations):,} waiting")


def _ok(check: str, message: str) -> Finding:
    return Finding(check=check, level=Level.OK, message=message)


def _fault(check: str, message: str, advice: str) -> Finding:
    return Finding(check=check, level=Level.FAULT, message=message, advice=advice)
