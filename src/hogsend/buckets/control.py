"""Which buckets are live and which are catching up: code, environment, and operators at run time.

``bucket_configs`` is authoritative: what operators decided, and which definition the memberships
follow. A process that starts compares it with its code (``register``) and creates the jobs that
are needed. Every process reads it once a second, so a decision takes effect everywhere within two;
jobs that live traffic has to know of wait that long.

A bucket that is not live is not evaluated: its members stay, its timers wait, nothing is announced.
Nor does a process evaluate a bucket whose criteria are not those of its own code: another one
started later, with a newer version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from hogsend.buckets.jobs import lock_known, replace_jobs, retry_job
from hogsend.buckets.registry import CompiledBucket, Registry
from hogsend.buckets.rollout import (
    Known,
    Need,
    is_enabled,
    need_of,
    rebuild,
    reevaluate,
    schedule_text,
)
from hogsend.clock import Clock
from hogsend.criteria.describe import describe
from hogsend.db.pool import Connection, Pool
from hogsend.db.queries import load_queries
from hogsend.errors import ConfigurationError, ConflictError, NotFoundError

SQL = load_queries(__package__)

_log = structlog.get_logger(__name__)

REFRESH_S: Final = 1.0
SETTLE: Final = timedelta(seconds=2 * REFRESH_S)
"""How long a job waits for every process to know of it."""

_SEEN_EVERY: Final = timedelta(seconds=30)
_SURELY_RUNNING: Final = 3 * _SEEN_EVERY
_SURELY_GONE: Final = 10 * _SEEN_EVERY


class BucketControl:
    """Keeps a registry's live buckets up to date, and creates the jobs that changes need.

    Args:
        registry: The app's buckets.
        chosen: The ids that ``ENABLED_BUCKETS`` names; None is all.
        settle: How long jobs wait for other processes to know of them.

    Raises:
        ConfigurationError: ``chosen`` names buckets that there are not.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        registry: Registry,
        chosen: AbstractSet[str] | None = None,
        settle: timedelta = SETTLE,
    ) -> None:
        if unknown := (chosen or set()) - registry.buckets.keys():
            raise ConfigurationError(
                f"ENABLED_BUCKETS names {', '.join(sorted(unknown))}, which the app does not "
                f"define. It defines: {', '.join(sorted(registry.buckets)) or 'none'}."
            )
        self._pool = pool
        self._clock = clock
        self._registry = registry
        self._chosen = chosen
        self._settle = settle
        self._seen_at: datetime | None = None
        self._outdated: set[str] = set()
        self._warned: set[str] = set()

    async def register(self) -> None:
        """Take over the app's definitions: from now on, memberships follow them.

        New, changed, enabled and returned buckets get their jobs in the same transaction.
        """
        now = self._clock.now()
        async with self._pool.acquire() as connection, connection.transaction():
            await self._note(connection, self._registry.buckets.values(), now)
            known = await lock_known(connection, list(self._registry.buckets))
            needs = [
                need
                for bucket in self._registry.buckets.values()
                if self._is_enabled(bucket, (found := known[bucket.meta.id]).enabled)
                and (need := _need(found, bucket))
            ]
            await self._adopt(connection, known, needs, now)
            await replace_jobs(connection, needs, now, now + self._settle)
        for need in needs:
            _log.debug("bucket.job", bucket=need.bucket_id, kind=str(need.kind))
        await self._note_seen(now)
        await self.refresh()

    async def run_once(self) -> float:
        """Take over what operators and newer processes decided; the seconds until the next look."""
        now = self._clock.now()
        if self._seen_at is None or now - self._seen_at >= _SEEN_EVERY:
            await self._note_seen(now)
        retired = await self.refresh()
        self._warn_of_newer()
        if retired:
            _log.warning("bucket.returns", buckets=sorted(retired))
            await self.register()
        return REFRESH_S

    async def refresh(self, *, any_version: bool = False) -> set[str]:
        """Read what is decided; returns those of our buckets that were taken for retired.

        Args:
            any_version: Do not ask whether the memberships follow our version of the criteria;
                for those who only look.
        """
        configs = {row["bucket_id"]: row for row in await self._pool.fetch(SQL.load_configs)}
        self._outdated = {
            bucket_id
            for bucket_id, bucket in self._registry.buckets.items()
            if bucket_id in configs
            and configs[bucket_id]["fingerprint"] not in (None, bucket.fingerprint)
        }
        self._registry.set_live(
            (
                bucket_id
                for bucket_id, bucket in self._registry.buckets.items()
                if self._is_live(bucket, configs.get(bucket_id), any_version=any_version)
            ),
            building={id_: row["mark"] for id_, row in configs.items() if row["building"]},
        )
        return {id_ for id_ in self._registry.buckets if id_ in configs and configs[id_]["retired"]}

    async def override(
        self, connection: Connection, bucket_id: str, *, enabled: bool | None
    ) -> bool:
        """Enable or disable a bucket in every process; None follows the code again.

        Enabled after a pause, everybody is looked at again. This process follows with its next
        ``refresh``.

        Returns:
            Whether there is such a bucket.
        """
        now = self._clock.now()
        bucket = self._registry.buckets.get(bucket_id)
        if bucket is not None:
            await self._note(connection, [bucket], now)
        known = (await lock_known(connection, [bucket_id])).get(bucket_id)
        if known is None:
            return False
        runs = enabled if enabled is not None else bucket is None or bucket.meta.enabled
        generation = known.generation
        if runs and known.paused and known.fingerprint is not None:
            need = rebuild(known, known.fingerprint)
            await replace_jobs(connection, [need], now, now + self._settle)
            generation = need.generation
        await connection.execute(SQL.override_bucket, bucket_id, enabled, not runs, generation, now)
        return True

    async def request(self, connection: Connection, bucket_id: str) -> None:
        """Look at everybody again, as soon as may be; a job that there is already will do.

        Raises:
            ConflictError: No process has evaluated such a bucket, or it is retired.
        """
        now = self._clock.now()
        known = (await lock_known(connection, [bucket_id])).get(bucket_id)
        if known is None or known.fingerprint is None or known.retired:
            raise ConflictError(
                f"The bucket {bucket_id!r} is in no running app. Start one that defines it; "
                "that looks at everybody by itself."
            )
        if known.job_status is None:
            await replace_jobs(connection, [reevaluate(known)], now, now)
        else:
            await retry_job(connection, bucket_id, now)

    async def retire(self, connection: Connection, bucket_id: str) -> None:
        """Note that a bucket is not in the code any more; its members stay as they are.

        Processes find that out by themselves after five minutes; this is for the impatient.

        Raises:
            NotFoundError: There is no such bucket in the database.
            ConflictError: A running process has it in its code, or we have.
        """
        now = self._clock.now()
        known = (await lock_known(connection, [bucket_id])).get(bucket_id)
        if known is None:
            raise NotFoundError("bucket", bucket_id, [])
        if bucket_id in self._registry.buckets or _runs(known, now):
            raise ConflictError(
                f"The bucket {bucket_id!r} is still in the code of this app or of a process that "
                "runs. Remove it there and deploy; to stop it now, disable it."
            )
        await connection.execute(SQL.retire_bucket, bucket_id, now)
        await connection.execute(SQL.supersede_jobs, [bucket_id], now)

    async def _note(
        self, connection: Connection, buckets: Iterable[CompiledBucket], now: datetime
    ) -> None:
        names = {bucket.meta.id: bucket.meta.name for bucket in buckets}
        await connection.execute(SQL.note_buckets, list(names), list(names.values()), now)

    async def _adopt(
        self,
        connection: Connection,
        known: Mapping[str, Known],
        needs: Iterable[Need],
        now: datetime,
    ) -> None:
        generations = {need.bucket_id: need.generation for need in needs}
        buckets = self._registry.buckets.values()
        await connection.execute(
            SQL.save_configs,
            [bucket.meta.id for bucket in buckets],
            [bucket.meta.name for bucket in buckets],
            [bucket.fingerprint for bucket in buckets],
            [schedule_text(bucket.meta) for bucket in buckets],
            [not self._is_enabled(bucket, known[bucket.meta.id].enabled) for bucket in buckets],
            [generations.get(id_, known[id_].generation) for id_ in self._registry.buckets],
            now,
            [describe(bucket.meta.criteria) for bucket in buckets],
        )

    async def _note_seen(self, now: datetime) -> None:
        """Say that we run; notice which buckets nobody runs any more."""
        self._seen_at = now
        ours = list(self._registry.buckets)
        if not ours:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(SQL.note_seen, ours, now)
            rows = await connection.fetch(SQL.retire_unseen, ours, now - _SURELY_GONE, now)
            gone = [row["bucket_id"] for row in rows]
            await connection.execute(SQL.supersede_jobs, gone, now)
        if gone:
            _log.warning("bucket.retired", buckets=gone)

    def _warn_of_newer(self) -> None:
        """Say once that another version of a bucket runs elsewhere."""
        for bucket_id in self._outdated - self._warned:
            _log.warning("bucket.outdated", bucket=bucket_id, hint="restart this process")
        self._warned = self._outdated

    def _is_live(self, bucket: CompiledBucket, config: Any, *, any_version: bool) -> bool:
        if config is None:
            return any_version and self._is_enabled(bucket, None)
        current = config["fingerprint"] == bucket.fingerprint and not config["retired"]
        return (any_version or current) and self._is_enabled(bucket, config["enabled"])

    def _is_enabled(self, bucket: CompiledBucket, override: bool | None) -> bool:  # noqa: FBT001
        return is_enabled(bucket.meta, override, self._chosen)


def _need(known: Known, bucket: CompiledBucket) -> Need | None:
    return need_of(known, fingerprint=bucket.fingerprint, schedule=schedule_text(bucket.meta))


def _runs(known: Known, now: datetime) -> bool:
    return known.seen_at is not None and now - known.seen_at < _SURELY_RUNNING
