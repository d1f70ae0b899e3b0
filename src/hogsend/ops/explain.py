"""Why a user is in a bucket or not, for everybody who asks: CLI, HTTP, Studio.

The answer is what the engine itself would say: the same facts, the same evaluation, the same
decision. Nothing is locked or written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

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

SQL = load_queries(__package__)

_STAYS: Final = 20
_NEIGHBOURS: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the bucket itself is.

    Attributes:
        paused: Why it is not evaluated, in words; None if it is.
        retired: No code defines it.
        retired_at: Since when, if that is known.
    """

    name: str
    paused: str | None = None
    retired: bool = False
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Why a user is in a bucket or not.

    Attributes:
        meta: The bucket in code; None if it is retired.
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
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        bucket = registry.buckets.get(bucket_id)
        standing = await _standing(connection, registry, bucket_id)
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


async def _standing(connection: Connection, registry: Registry, bucket_id: str) -> Standing:
    bucket = registry.buckets.get(bucket_id)
    config = await connection.fetchrow(SQL.find_config, bucket_id)
    if bucket is not None:
        override = None if config is None else config["enabled"]
        live = bucket_id in registry.live_ids
        return Standing(
            name=bucket.meta.name,
            paused=None if live else _why_paused(bucket.meta, override=override),
        )
    if config is None:
        known = [row["bucket_id"] for row in await connection.fetch(SQL.bucket_ids)]
        raise NotFoundError("bucket", bucket_id, sorted({*known, *registry.buckets}))
    return Standing(name=config["name"], retired_at=config["retired_at"], retired=True)


def _why_paused(meta: BucketMeta, *, override: bool | None) -> str:
    if override is False:
        return f"an operator paused it; resume it with `hogsend buckets enable {meta.id}`"
    if not meta.enabled and override is None:
        return "the code says enabled=False"
    return "ENABLED_BUCKETS does not name it"


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
