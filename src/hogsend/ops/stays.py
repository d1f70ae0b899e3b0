"""The stays of users in buckets, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from hogsend.db.pool import Pool
from hogsend.db.queries import load_queries
from hogsend.ops.record import Id, Instant, Listing, Page, Record

SQL = load_queries(__package__)


class StayStatus(StrEnum):
    """Whether a stay lasts."""

    ACTIVE = "active"
    LEFT = "left"


class Member(Record):
    """One stay of one user in one bucket.

    Attributes:
        expires_at: When the clock will end it, as far as is known.
        entry_count: How many stays this user has had in the bucket, this one included.
        source: What made it begin.
        reason: Why it ended.
    """

    id: Id
    user_id: str
    user_email: str | None
    bucket_id: str
    status: StayStatus
    entered_at: Instant
    left_at: Instant | None
    expires_at: Instant | None
    last_evaluated_at: Instant
    entry_count: int
    source: str
    reason: str | None
    context: dict[str, Any]
    created_at: Instant
    updated_at: Instant


class Members(Listing):
    """Stays, newest first."""

    members: list[Member]


class Counts(Record):
    """How many stays there are."""

    active: int
    left: int

    @property
    def entered(self) -> int:
        """All there ever were."""
        return self.active + self.left

    def of_status(self, status: StayStatus | None) -> int:
        """Those of a status; None is all."""
        match status:
            case StayStatus.ACTIVE:
                return self.active
            case StayStatus.LEFT:
                return self.left
            case None:
                return self.entered


async def list_members(
    pool: Pool,
    bucket_id: str,
    page: Page,
    *,
    status: StayStatus | None = None,
    user_id: str | None = None,
    after: str | None = None,
) -> Members:
    """The stays in a bucket, newest first: of one status, of one user, or all.

    With ``after`` those that last of the users behind that id, in order of user id: the way to read
    all of a large bucket.
    """
    if after is not None:
        rows = await pool.fetch(SQL.list_stays_after, bucket_id, after, page.limit, page.offset)
        total = (await count_stays(pool, [bucket_id]))[bucket_id].active
    elif user_id is not None:
        rows = await pool.fetch(SQL.list_user_stays, user_id, bucket_id, status)
        total = len(rows)
        rows = rows[page.offset : page.offset + page.limit]
    else:
        rows = await pool.fetch(SQL.list_stays, bucket_id, status, page.limit, page.offset)
        total = (await count_stays(pool, [bucket_id]))[bucket_id].of_status(status)
    return Members(
        members=[Member.of(row) for row in rows],
        total=total,
        limit=page.limit,
        offset=page.offset,
    )


async def count_stays(pool: Pool, bucket_ids: Iterable[str]) -> dict[str, Counts]:
    """The stays of each bucket."""
    rows = await pool.fetch(SQL.count_stays, list(bucket_ids))
    return {row["bucket_id"]: Counts(active=row["active"], left=row["left"]) for row in rows}
