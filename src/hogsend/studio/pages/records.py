"""What was done: the jobs of workers, and the actions of operators."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from hogsend.ops.audit import list_actions
from hogsend.ops.jobs import list_jobs
from hogsend.studio.asking import Offset, make_table
from hogsend.studio.rendering import Studio


def record_pages(studio: Studio) -> APIRouter:
    """Jobs, live, and the audit log."""
    router = APIRouter()

    @router.get("/jobs")
    async def jobs(request: Request, offset: Offset = 0) -> Response:
        table = make_table(request, "jobs", offset=offset)
        found = await list_jobs(studio.pool, table.page)
        table.holds(total=found.total, shown=len(found.jobs))
        names = {bucket.id: bucket.meta.name for bucket in studio.client.registry.definitions}
        return studio.page(request, "jobs.html", table=table, jobs=found.jobs, names=names)

    @router.get("/audit")
    async def audit(request: Request, offset: Offset = 0) -> Response:
        table = make_table(request, "audit", offset=offset)
        found = await list_actions(studio.pool, table.page)
        table.holds(total=found.total, shown=len(found.audit_logs))
        return studio.page(request, "audit.html", table=table, actions=found.audit_logs)

    return router
