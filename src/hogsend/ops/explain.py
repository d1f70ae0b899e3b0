"""Why a user is in a bucket or not, for everybody who asks: CLI, HTTP, Studio.

The answer is what the engine itself would say: the same facts, the same evaluation, the same
decision. Nothing is locked or written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from hogsend.buckets.definition import BucketMeta
from hogsend.buckets.membership import Membership
from hogsend.buckets.outlook import Outlook, foresee
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.buckets.situation import Situation, read_facts, read_situation
from hogsend.contacts.store import find_by_email, find_contact, find_neighbours
from hogsend.criteria.explain import Explanation, explain
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.errors import NotFoundError
from hogsend.ops.buckets import BucketState, require_bucket

SQL = load_queries(__package__)

_STAYS: Final = 20
_NEIGHBOURS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the bucket itself is.

    Attributes:
        state: What it is doing.
        paused: Who paused it, in words, if it is paused.
        progress: While it is building: the share of people who were looked at, 0 to 1.
        error: Why it could not be built, if it failed.
        outdated: The memberships follow other criteria than those of the code here.
    """

    name: str
    state: BucketState
    paused: str | None = None
    progress: float | None = None
    error: str | None = None
    outdated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why a user is in a bucket or not.

    Attributes:
        meta: The bucket in code; None if it is not there (any more).
        explanation: The criteria and their leaves; None without a contact or criteria.
        outlook: What the clock will do; None without a contact or criteria.
    """

    bucket_id: str
    user_id: str
    now: datetime
    standing: Standing
    situation: Situation
    meta: BucketMeta | None = None
    explanation: Explanation | None = None
    outlook: Outlook | None = None

    @property
    def latest(self) -> Membership | None:
        """The newest stay."""
        return self.situation.latest

    @property
    def is_member(self) -> bool:
        """Whether the user is in now."""
        return self.latest is not None and self.latest.active


async def explain_membership(
    pool: Pool, registry: Registry, bucket_id: str, user: str, now: datetime
) -> Answer:
    """Explain one user's place in one bucket.

    Args:
        pool: Connections to the engine's database.
        registry: The app's buckets, with which of them are live.
        bucket_id: The bucket; it may be one that the code defines no more.
        user: A user id, or the mail address of a contact.
        now: The present instant.

    Raises:
        NotFoundError: There is no such bucket, or nobody of that id or address.
    """
    await require_bucket(pool, registry, bucket_id)
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        bucket = registry.buckets.get(bucket_id)
        standing = await _standing(connection, bucket, bucket_id)
        user_id = await _find_user(connection, user)
        situation = await read_situation(connection, user_id, bucket_id, stays=_STAYS)
        if situation.contact is None and not situation.stays:
            near = await find_neighbours(connection, user, _NEIGHBOURS)
            raise NotFoundError("contact", user, near, near=True)
        explanation, outlook = await _judge(connection, bucket, situation, now)
    return Answer(
        bucket_id=bucket_id,
        user_id=user_id,
        now=now,
        standing=standing,
        situation=situation,
        meta=None if bucket is None else bucket.meta,
        explanation=explanation,
        outlook=outlook,
    )


async def _standing(
    connection: Connection, bucket: CompiledBucket | None, bucket_id: str
) -> Standing:
    row = await connection.fetchrow(SQL.bucket_standing, bucket_id)
    if row is None:
        name = bucket_id if bucket is None else bucket.meta.name
        return Standing(name=name, state=BucketState.NEW)
    if bucket is None:
        return Standing(name=row["name"], state=_state(row))
    state = _state(row)
    return Standing(
        name=bucket.meta.name,
        state=state,
        paused=_who_paused(bucket.meta, row) if state is BucketState.PAUSED else None,
        progress=row["progress"] or 0.0 if state is BucketState.BUILDING else None,
        error=row["error"],
        outdated=row["fingerprint"] not in {None, bucket.fingerprint},
    )


def _state(row: Any) -> BucketState:
    if row["retired"]:
        return BucketState.RETIRED
    if row["paused"] or row["enabled"] is False:
        return BucketState.PAUSED
    if row["fingerprint"] is None:
        return BucketState.NEW
    if row["job"] is None:
        return BucketState.LIVE
    return BucketState.FAILED if row["job"] == "failed" else BucketState.BUILDING


def _who_paused(meta: BucketMeta, row: Any) -> str:
    if row["enabled"] is False:
        return f"an operator paused it; resume it with `hogsend buckets enable {meta.id}`"
    if not meta.enabled and row["enabled"] is None:
        return "the code says enabled=False"
    return "ENABLED_BUCKETS of the processes that run does not name it"


async def _find_user(connection: Connection, user: str) -> str:
    """The id of a user who may be given by mail address."""
    if "@" not in user or await find_contact(connection, user):
        return user
    return (await find_by_email(connection, [user.lower()])).get(user.lower(), user)


async def _judge(
    connection: Connection, bucket: CompiledBucket | None, situation: Situation, now: datetime
) -> tuple[Explanation | None, Outlook | None]:
    if bucket is None or situation.contact is None:
        return None, None
    facts = await read_facts(connection, situation.contact, bucket.evaluator.slots)
    newest = bucket.evaluator.align(facts.newest)
    judge = partial(bucket.evaluator, facts.properties, newest)
    return (
        explain(bucket.meta.criteria, facts, now),
        foresee(bucket.meta, judge, situation.latest, now),
    )
