"""Buckets over HTTP: list, inspect, pause, members."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from hogsend.api.asking import Actor, AfterQuery, BucketIdPath, PageQuery, UserIdQuery
from hogsend.api.body import read_model
from hogsend.api.openapi import takes
from hogsend.app.client import Client
from hogsend.ops.buckets import (
    BucketDetail,
    Buckets,
    BucketSwitch,
    list_buckets,
    require_bucket,
    require_defined,
    show_bucket,
    switch_bucket,
)
from hogsend.ops.jobs import BucketJob, BucketJobs, list_jobs, request_job
from hogsend.ops.record import Record
from hogsend.ops.stays import Members, StayStatus, list_members


class BucketPatch(Record):
    """What to change about a bucket."""

    enabled: bool


class BucketAnswer(Record):
    """One bucket."""

    bucket: BucketDetail


class BucketSwitchAnswer(Record):
    """A bucket that was enabled or disabled."""

    bucket: BucketSwitch


class BucketJobAnswer(Record):
    """One job."""

    job: BucketJob


def bucket_routes(client: Client) -> APIRouter:
    """What operators see of buckets, and do to them."""
    router = APIRouter(prefix="/v1/admin/buckets", tags=["Buckets"])

    @router.get("", summary="List buckets")
    async def list_(
        page: PageQuery,
        enabled: Annotated[
            bool | None, Query(description="Only those that are evaluated, or are not.")
        ] = None,
    ) -> Buckets:
        """Every bucket with its counts; those that the code has dropped come last."""
        return await list_buckets(
            client.engine.reads, client.registry, page, client.clock.now(), enabled=enabled
        )

    @router.get("/{id}", summary="Inspect a bucket")
    async def show(bucket_id: BucketIdPath) -> BucketAnswer:
        """All about one bucket: its criteria, also in English, and its newest members."""
        bucket = await show_bucket(
            client.engine.reads, client.registry, client.journeys, bucket_id, client.clock.now()
        )
        return BucketAnswer(bucket=bucket)

    @router.patch("/{id}", summary="Enable or disable a bucket", openapi_extra=takes(BucketPatch))
    async def switch(bucket_id: BucketIdPath, request: Request, actor: Actor) -> BucketSwitchAnswer:
        """Pause a bucket, or let it go on, in every process within seconds.

        A paused bucket is not evaluated: its members stay, and nothing is announced.
        """
        patch = await read_model(request, BucketPatch)
        switched = await switch_bucket(client, bucket_id, enabled=patch.enabled, actor=actor)
        return BucketSwitchAnswer(bucket=switched)

    @router.get("/{id}/members", summary="List a bucket's members")
    async def members(
        bucket_id: BucketIdPath,
        page: PageQuery,
        status: Annotated[
            StayStatus | None, Query(description="Only stays that last, or that ended.")
        ] = None,
        user_id: UserIdQuery = None,
        after: AfterQuery = None,
    ) -> Members:
        """Stays in the bucket, those that began last first.

        With `after`, those that last, in order of user id; the other filters do not count then.
        """
        await require_bucket(client.engine.reads, client.registry, bucket_id)
        return await list_members(
            client.engine.reads, bucket_id, page, status=status, user_id=user_id, after=after
        )

    @router.get("/{id}/jobs", summary="List a bucket's jobs")
    async def jobs(bucket_id: BucketIdPath, page: PageQuery) -> BucketJobs:
        """What brought memberships in line with changed definitions, newest first."""
        await require_bucket(client.engine.reads, client.registry, bucket_id)
        return await list_jobs(client.engine.reads, page, bucket_id)

    @router.post("/{id}/jobs", status_code=201, summary="Re-evaluate a bucket")
    async def reevaluate(bucket_id: BucketIdPath, actor: Actor) -> BucketJobAnswer:
        """Let a worker look at everybody again; a job that waits or failed is tried now."""
        require_defined(client.registry, bucket_id)
        return BucketJobAnswer(job=await request_job(client, bucket_id, actor=actor))

    return router
