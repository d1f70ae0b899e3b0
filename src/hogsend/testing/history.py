"""What happened in a simulation, as its log tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

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


class History:
    """Reads the log of a simulation from the background, so that it need not be awaited."""

    def __init__(self, lease: Lease, background: Background) -> None:
        self._lease = lease
        self._background = background
        self._final: tuple[list[Transition], list[Dwell]] | None = None

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

    async def close(self) -> None:
        """Remember what there is, before the log goes."""
        self._final = await self._background.do(_all(self._lease))


async def _all(lease: Lease) -> tuple[list[Transition], list[Dwell]]:
    return await _transitions(lease), await _dwells(lease)


async def _transitions(lease: Lease) -> list[Transition]:
    return [_transition(row) for row in await lease.connection.fetch(SQL.list_transitions)]


async def _dwells(lease: Lease) -> list[Dwell]:
    return [_dwell(row) for row in await lease.connection.fetch(SQL.list_dwells)]


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
