"""What happened in a simulation, as its log tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from hogsend.testing.background import Background
from hogsend.testing.databases import Lease
from hogsend.testing.owner import SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A join or a leave that was emitted; ``reason`` says why a stay ended, else None."""

    user_id: str
    bucket_id: str
    kind: Literal["entered", "left"]
    reason: str | None = None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Dwell:
    """A dwell reaction that came due, for the ``count``-th time in this stay."""

    user_id: str
    bucket_id: str
    label: str
    count: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Email:
    """A mail on record: rendered, and what became of it; ``reason`` says why it was not sent."""

    user_id: str
    journey_id: str | None
    template: str
    to: str | None
    subject: str | None
    html: str | None
    text: str | None
    status: str
    reason: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JourneyRun:
    """A run as it is now."""

    user_id: str
    journey_id: str
    status: str
    wake_at: datetime | None
    waits_for: str | None
    exit_reason: str | None
    error: str | None
    created_at: datetime
    finished_at: datetime | None


_Told: TypeAlias = tuple[list[Transition], list[Dwell], list[Email]]


class History:
    """Reads the log of a simulation from the background, so that it need not be awaited."""

    def __init__(self, lease: Lease, background: Background) -> None:
        self._lease = lease
        self._background = background
        self._final: _Told | None = None

    def transitions(self) -> list[Transition]:
        """All that were emitted so far, in that order."""
        if self._final is not None:
            return self._final[0]
        return self._background.run(_transitions(self._lease))

    def dwells(self) -> list[Dwell]:
        """All that were emitted so far, in that order."""
        if self._final is not None:
            return self._final[1]
        return self._background.run(_dwells(self._lease))

    def emails(self) -> list[Email]:
        """All that were put on record so far, in that order."""
        if self._final is not None:
            return self._final[2]
        return self._background.run(_emails(self._lease))

    async def close(self) -> None:
        """Remember what there is, before the log goes."""
        self._final = await self._background.do(_all(self._lease))


async def _all(lease: Lease) -> _Told:
    return await _transitions(lease), await _dwells(lease), await _emails(lease)


async def _transitions(lease: Lease) -> list[Transition]:
    return [_transition(row) for row in await lease.connection.fetch(SQL.list_transitions)]


async def _dwells(lease: Lease) -> list[Dwell]:
    return [_dwell(row) for row in await lease.connection.fetch(SQL.list_dwells)]


async def _emails(lease: Lease) -> list[Email]:
    return [Email(**row) for row in await lease.connection.fetch(SQL.list_emails)]


def _transition(row: Any) -> Transition:
    properties = row["properties"]
    return Transition(
        user_id=row["user_id"],
        bucket_id=properties["bucketId"],
        kind=properties["transition"],
        reason=properties.get("reason"),
        at=row["occurred_at"],
    )


def _dwell(row: Any) -> Dwell:
    _, _, bucket_id, label = row["event"].split(":", 3)
    return Dwell(
        user_id=row["user_id"],
        bucket_id=bucket_id,
        label=label,
        count=row["properties"]["dwellCount"],
        at=row["occurred_at"],
    )
