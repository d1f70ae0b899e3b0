"""Runs and their journals.

States of a run, by ``status``:

    active   it is due, or in the hands of a worker (``holder``); with ``attempts``, to be retried
    waiting  it sleeps until ``wake_at``, or waits for an event until then
    completed, exited, failed: it is over

    (nothing) --enrolled, in the ingest transaction--> active
    active --claimed, again and again--> active, in the hands of one worker
    active --a sleep or a wait--> waiting --due, or the event came--> active
    active --returned / ctx.exit / out of attempts, diverged--> completed / exited / failed
    active, waiting --exit_on, cancelled, contact deleted--> exited
    failed --retried by an operator--> active

The row is authoritative. Its ``epoch`` goes up with every claim, and whenever the run is ended from
outside; a worker writes only under the epoch of its own claim. So a worker that lost its lease, or
whose run was ended meanwhile, writes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct, field


class Status(StrEnum):
    """What a run is doing."""

    ACTIVE = "active"
    WAITING = "waiting"
    COMPLETED = "completed"
    EXITED = "exited"
    FAILED = "failed"


class SkipReason(StrEnum):
    """Why a trigger did not enrol; the guards in their order."""

    DISABLED = "disabled"
    PAUSED = "paused"
    WHERE = "where"
    ENTRY_LIMIT = "entry_limit"
    ENTRY_PERIOD = "entry_period"
    UNSUBSCRIBED = "unsubscribed"
    ALREADY_ACTIVE = "already_active"


class Fault(Struct, frozen=True, kw_only=True):
    """An exception that a step raised."""

    type: str
    message: str


class Entry(Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """One record of a journal.

    Attributes:
        call: Names the durable call; a wait has two records, ``<call>`` and ``<call>/done``.
        at: When the call was over.
        began_at: When its effect began, where it has one.
        until: Of a wait that begins: its deadline.
        result: What the call returned.
        error: What its effect raised, where the journey went on after that.
    """

    call: str
    at: datetime | None = None
    began_at: datetime | None = None
    until: datetime | None = None
    result: Any = None
    error: Fault | None = None


class LoggedEvent(Struct, frozen=True, kw_only=True, rename="camel"):
    """An event of the log, as a run keeps it."""

    id: UUID
    name: str
    properties: dict[str, Any]
    occurred_at: datetime


class Snapshot(Struct, frozen=True, kw_only=True):
    """A contact as of the event that started a run."""

    email: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)


class Run(Struct, frozen=True, kw_only=True):
    """A claimed run.

    Attributes:
        epoch: That of the claim.
        attempts: Errors since it last got on.
        crashes: Workers that died with it in hand since it last got on.
    """

    user_id: str
    journey_id: str
    id: UUID
    epoch: int
    attempts: int
    crashes: int
    journal: list[Entry]
    contact: Snapshot
    event: LoggedEvent
    wake_event: LoggedEvent | None
    resumed_at: datetime
    created_at: datetime
    wake_at: datetime


class Wait(Struct, frozen=True, kw_only=True):
    """What a run waits for besides time.

    Attributes:
        event: The name of an event.
        where: Conditions on its properties, as JSON.
        after: Only events that arrived at this instant or later, ...
        after_id: ... and, of those that arrived at it, only ids above this one.
        since: Or those that occurred at this instant or later.
    """

    event: str
    where: Sequence[Mapping[str, Any]]
    after: datetime
    after_id: UUID
    since: datetime | None


class Save(Struct, frozen=True, kw_only=True):
    """What a run wants written, all at once or not at all.

    Attributes:
        entries: Appended to its journal.
        status: What it does from now on; it stays claimed where this is ``active`` and there is
            no ``retry_at``.
        wake_at: When to go on, for one that waits.
        wait: The event that it waits for. Has that come already, the run goes on at once.
        retry_at: When to try again after an error.
    """

    run: Run
    entries: Sequence[Entry]
    now: datetime
    status: Status = Status.ACTIVE
    wake_at: datetime | None = None
    wait: Wait | None = None
    retry_at: datetime | None = None
    attempts: int = 0
    error: str | None = None
    traceback: str | None = None
    exit_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """What became of a ``Save``.

    Attributes:
        ours: The run was ours still; if not, nothing was written.
        found: The event waited for, where it had come already.
    """

    ours: bool
    found: LoggedEvent | None = None
