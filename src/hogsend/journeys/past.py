"""What a journey asks about its user: mail, past events, runs, mails. Each answer is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from hogsend.criteria.evaluate import where_holds
from hogsend.db.pool import Pool
from hogsend.email.preferences import is_subscribed
from hogsend.journeys.definition import Where, read_where
from hogsend.journeys.replay import Replay
from hogsend.journeys.store import SQL


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRuns:
    """A user's other runs of a journey; the details are those of the latest."""

    count: int
    status: str | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastMails:
    """The mails of a template that were sent to a user."""

    count: int
    last_at: datetime | None


class Guard:
    """``ctx.guard``: whether to go on."""

    def __init__(self, replay: Replay, pool: Pool) -> None:
        self._replay = replay
        self._pool = pool

    async def is_subscribed(self, category: str | None = None) -> bool:
        """Whether the user takes mail now: any at all, or of a category."""

        async def look() -> bool:
            return await is_subscribed(self._pool, self._replay.run.user_id, category)

        subscribed: bool = await self._replay.read(_named("guard.is_subscribed", category), look)
        return subscribed


class History:
    """``ctx.history``: what has happened to the user."""

    def __init__(self, replay: Replay, pool: Pool) -> None:
        self._replay = replay
        self._pool = pool

    async def has_event(
        self, name: str, *, within: timedelta | None = None, where: Where | None = None
    ) -> bool:
        """Whether the user has done something.

        Args:
            name: The event's name.
            within: How long ago at most; None is ever.
            where: Conditions on its properties; looked for among the newest 1,000.
        """
        conditions = () if where is None else read_where(where)
        since = None if within is None else self._replay.now - within

        async def look() -> bool:
            rows = await self._pool.fetch(
                SQL.past_events, self._replay.run.user_id, name, since, 1000 if conditions else 1
            )
            return any(where_holds(conditions, row["properties"]) for row in rows)

        found: bool = await self._replay.read(f"history.has_event:{name}", look)
        return found

    async def journey(self, journey_id: str) -> PastRuns:
        """The user's runs of a journey, but for this one."""
        run = self._replay.run

        async def look() -> object:
            row = await self._pool.fetchrow(SQL.past_runs, run.user_id, journey_id, run.id)
            return dict(row or {})

        found = await self._replay.read(f"history.journey:{journey_id}", look)
        return msgspec.convert(found, PastRuns)

    async def email(self, template: str) -> PastMails:
        """The mails of a template that the user was sent, by any journey."""

        async def look() -> object:
            row = await self._pool.fetchrow(SQL.past_mails, self._replay.run.user_id, template)
            return dict(row or {})

        found = await self._replay.read(f"history.email:{template}", look)
        return msgspec.convert(found, PastMails)


def _named(base: str, label: str | None) -> str:
    return base if label is None else f"{base}:{label}"
