"""The runs of journeys as operators see them: enrolling by hand, cancelling, trying again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import asyncpg
from uuid_utils import uuid7

from hogsend.app.client import Client
from hogsend.contacts.store import lock_existing
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.errors import ConflictError, NotFoundError
from hogsend.journeys.model import LoggedEvent, Snapshot, Status
from hogsend.journeys.store import NewRun, Running, end_runs, insert_runs, load_running
from hogsend.ops.audit import Action, record_action
from hogsend.ops.record import Id, Instant, Listing, Page, Record

SQL = load_queries(__package__)


class RunCounts(Record):
    """How many runs there are, by status."""

    active: int = 0
    waiting: int = 0
    completed: int = 0
    exited: int = 0
    failed: int = 0

    def of_status(self, status: Status | None) -> int:
        """Those of a status; None is all."""
        counts: dict[str, int] = self.model_dump()
        return sum(counts.values()) if status is None else counts[status]


class JourneyState(Record):
    """One run of one user through a journey.

    Attributes:
        wake_at: When it goes on, if nothing happens; null once it is over.
        waits_for: The event that it waits for.
        attempts: How often in a row it has failed.
        error: Of its latest failure.
        exit_reason: The event that ended it, the reason that the journey gave, ``cancelled`` or
            ``deleted``.
        trigger_event: What started it.
        journal: What its durable calls returned, in order.
    """

    id: Id
    user_id: str
    user_email: str | None
    journey_id: str
    status: Status
    wake_at: Instant | None
    waits_for: str | None
    attempts: int
    error: str | None
    traceback: str | None
    exit_reason: str | None
    trigger_event: dict[str, Any]
    journal: list[dict[str, Any]]
    created_at: Instant
    updated_at: Instant
    finished_at: Instant | None


class JourneyStates(Listing):
    """Runs, newest first."""

    states: list[JourneyState]


async def list_runs(
    pool: Pool,
    journey_id: str,
    page: Page,
    *,
    status: Status | None = None,
    user_id: str | None = None,
) -> JourneyStates:
    """The runs of a journey, newest first: of one status, of one user, or all."""
    if user_id is not None:
        rows = await pool.fetch(SQL.list_user_runs, user_id, journey_id, status)
        total = len(rows)
        rows = rows[page.offset : page.offset + page.limit]
    else:
        rows = await pool.fetch(SQL.list_runs, journey_id, status, page.limit, page.offset)
        total = (await count_runs(pool, [journey_id]))[journey_id].of_status(status)
    return JourneyStates(
        states=[JourneyState.of(row) for row in rows],
        total=total,
        limit=page.limit,
        offset=page.offset,
    )


async def runs_of(pool: Pool, user_id: str, page: Page) -> JourneyStates:
    """A user's runs of all journeys: those under way first, then the newest."""
    rows = await pool.fetch(SQL.list_runs_of_user, user_id, page.limit, page.offset)
    found = [dict(row) for row in rows]
    total = max((row.pop("total") for row in found), default=0)
    return JourneyStates(
        states=[JourneyState.of(row) for row in found],
        total=total,
        limit=page.limit,
        offset=page.offset,
    )


async def show_run(pool: Pool, journey_id: str, state_id: str) -> JourneyState:
    """One run.

    Raises:
        NotFoundError: There is none.
    """
    async with pool.acquire() as connection:
        return await _find(connection, journey_id, state_id)


async def count_runs(pool: Pool, journey_ids: Iterable[str]) -> dict[str, RunCounts]:
    """The runs of each journey."""
    wanted = list(journey_ids)
    counts: dict[str, dict[str, int]] = {journey_id: {} for journey_id in wanted}
    for row in await pool.fetch(SQL.count_runs, wanted):
        counts[row["journey_id"]][row["status"]] = row["count"]
    return {journey_id: RunCounts(**found) for journey_id, found in counts.items()}


async def enroll(
    client: Client,
    journey_id: str,
    user_id: str,
    *,
    properties: Mapping[str, Any] | None = None,
    actor: str,
) -> JourneyState:
    """Start a run by hand, as if its trigger had come; limits do not apply.

    Args:
        client: Started.
        journey_id: Which journey.
        user_id: Whom.
        properties: Of the trigger, as the journey is to see it.
        actor: Who does it.

    Raises:
        NotFoundError: There is no such journey, or no such contact.
        ConflictError: The user is in it already.
    """
    journey = client.journeys.journeys.get(journey_id)
    if journey is None:
        raise NotFoundError("journey", journey_id, list(client.journeys.journeys))
    now, run_id = client.clock.now(), str(uuid7())
    action = Action(
        actor=actor, name="journey.enroll", target=journey_id, detail={"userId": user_id}
    )
    async with client.engine.pool.acquire() as connection, connection.transaction():
        contact = (await lock_existing(connection, [user_id])).get(user_id)
        if contact is None:
            raise NotFoundError("contact", user_id, [], near=True)
        running = await load_running(connection, [user_id])
        if any(run.key[1] == journey_id for run in running):
            raise ConflictError(f"{user_id!r} is in the journey {journey_id!r} already.")
        event = LoggedEvent(
            id=UUID(int=uuid7().int),
            name=journey.meta.trigger,
            properties=dict(properties or {}),
            occurred_at=now,
        )
        snapshot = Snapshot(email=contact.email, properties=dict(contact.properties))
        run = NewRun(
            running=Running(key=(user_id, journey_id, run_id)), event=event, contact=snapshot
        )
        await insert_runs(connection, [run], now)
        await record_action(connection, action, now)
        return await _find(connection, journey_id, run_id)


async def cancel(client: Client, journey_id: str, state_id: str, *, actor: str) -> JourneyState:
    """End a run; one that a worker has in hand stops at its next durable call.

    Raises:
        NotFoundError: There is no such run.
        ConflictError: It is over already.
    """
    now = client.clock.now()
    action = Action(actor=actor, name="journey.cancel", target=journey_id, detail={"id": state_id})
    async with client.engine.pool.acquire() as connection, connection.transaction():
        run = await _find(connection, journey_id, state_id)
        await lock_existing(connection, [run.user_id])
        key = (run.user_id, journey_id, run.id)
        if not await end_runs(connection, [(key, "cancelled")], now):
            raise ConflictError(f"The run {state_id} is over already: it is {run.status}.")
        await record_action(connection, action, now)
        return await _find(connection, journey_id, state_id)


async def retry(client: Client, journey_id: str, state_id: str, *, actor: str) -> JourneyState:
    """Let a failed run go on where it failed, or one that waits for its next try go on now.

    Raises:
        NotFoundError: There is no such run.
        ConflictError: It has not failed, or the user is in the journey anew.
    """
    now = client.clock.now()
    action = Action(actor=actor, name="journey.retry", target=journey_id, detail={"id": state_id})
    try:
        async with client.engine.pool.acquire() as connection, connection.transaction():
            run = await _find(connection, journey_id, state_id)
            await lock_existing(connection, [run.user_id])
            found = await connection.fetchval(
                SQL.retry_run, run.user_id, journey_id, UUID(run.id), now
            )
            if found is None:
                raise ConflictError(f"The run {state_id} has not failed: it is {run.status}.")
            await record_action(connection, action, now)
            return await _find(connection, journey_id, state_id)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "journey_states_running":
            raise
        raise ConflictError(
            f"{run.user_id!r} is in the journey {journey_id!r} anew; cancel that run first."
        ) from error


async def _find(connection: Connection, journey_id: str, state_id: str) -> JourneyState:
    try:
        row = await connection.fetchrow(SQL.find_run, journey_id, UUID(state_id))
    except ValueError:
        row = None
    if row is None:
        raise NotFoundError("run", state_id, [], near=True)
    return JourneyState.of(row)
