"""Jobs at work: a bucket's definition is new or another one, and the memberships catch up.

A job is a walk over all contacts (``buckets/walk``), and one runner has it at a time.

Meanwhile live writes see to the people whom they touch themselves (``buckets/fold``), so in the end
everybody was looked at before anything happened to them: what held then is history and joins
silently, what came later is announced.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import uuid4

import structlog
from msgspec.structs import replace

from hogsend.buckets.jobs import (
    Claim,
    JobStatus,
    claim_job,
    count_contacts,
    finish_job,
    release_job,
)
from hogsend.buckets.registry import Registry
from hogsend.buckets.walk import LostError, OnJoined, Walk
from hogsend.clock import Clock
from hogsend.db.pool import PASSING, Pool
from hogsend.events.ingest import Ingest
from hogsend.telemetry.traces import span

_log = structlog.get_logger(__name__)

LEASE: Final = timedelta(seconds=15)
_IDLE_S: Final = 1.0
_BACKOFF: Final = tuple(timedelta(seconds=s) for s in (1, 5, 30, 120, 600, 3600))
_ATTEMPTS: Final = 5


class JobRunner:
    """Works on jobs of buckets that this process evaluates, one chunk at each pass.

    Any number of them may run side by side; each job has one at a time.

    Args:
        on_joined: As ``OnJoined``.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        registry: Registry,
        ingest: Ingest,
        lease: timedelta = LEASE,
        on_joined: OnJoined | None = None,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._registry = registry
        self._ingest = ingest
        self._lease = lease
        self._on_joined = on_joined
        self._holder = uuid4()
        self._walk: Walk | None = None

    async def run_once(self) -> float:
        """Work on a chunk; returns the seconds until the next look for work."""
        walk = self._walk = self._walk or await self._claim()
        if walk is None:
            return _IDLE_S
        if walk.job.bucket_id not in self._registry.building:
            await self.release()
        else:
            await self._step(walk)
        return 0.0

    async def release(self) -> None:
        """Give the job back, if there is one; somebody goes on where it stands."""
        if self._walk is not None:
            await release_job(self._pool, self._walk.job, self._clock.now())
            self._walk = None

    async def _claim(self) -> Walk | None:
        buckets = self._registry.buckets
        fingerprints = {id_: buckets[id_].fingerprint for id_ in self._registry.building}
        if not fingerprints:
            return None
        now = self._clock.now()
        job = await claim_job(self._pool, fingerprints, self._holder, now, now + self._lease)
        if job is None:
            return None
        if job.total is None:
            job = replace(job, total=await count_contacts(self._pool))
        return Walk(
            job=job,
            bucket=buckets[job.bucket_id],
            pool=self._pool,
            clock=self._clock,
            ingest=self._ingest,
            lease=self._lease,
            on_joined=self._on_joined,
        )

    async def _step(self, walk: Walk) -> None:
        try:
            with span("hogsend.job", {"hogsend.bucket": walk.job.bucket_id}):
                over = await walk.step()
            if over:
                await self._finish(walk.job)
                self._walk = None
        except LostError:
            _log.info("job.lost", bucket=walk.job.bucket_id)
            self._walk = None
        except PASSING:
            raise
        except Exception as error:  # noqa: BLE001 - noted, shown and tried again
            await self._fail(walk.job, error)
            self._walk = None

    async def _finish(self, job: Claim) -> None:
        if not await finish_job(self._pool, job, self._clock.now()):
            raise LostError
        _log.info("job.done", bucket=job.bucket_id, people=job.done)

    async def _fail(self, job: Claim, error: Exception) -> None:
        attempts = job.attempts + 1
        status = JobStatus.FAILED if attempts >= _ATTEMPTS else JobStatus.PENDING
        retry_at = self._clock.now() + _BACKOFF[min(attempts, len(_BACKOFF)) - 1]
        _log.exception("job.failed", bucket=job.bucket_id, attempts=attempts, retry_at=retry_at)
        text = f"{type(error).__name__}: {error}"
        await release_job(self._pool, job, retry_at, status=status, error=text)
