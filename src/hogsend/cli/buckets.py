"""``hogsend buckets``: what there is, who is in it, and pausing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.database import command_line_actor
from hogsend.cli.options import App, Json, Limit, Offset
from hogsend.cli.printing import print_json, print_record, print_table, program, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.app.client import Client
    from hogsend.ops.buckets import BucketDetail, Buckets
    from hogsend.ops.jobs import BucketJobs
    from hogsend.ops.record import Page
    from hogsend.ops.stays import Members

BucketId = Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's id.")]

buckets = typer.Typer(
    name="buckets",
    help="Show buckets and their members; pause, resume and re-evaluate them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@buckets.command("list")
def list_buckets(app: App = None, as_json: Json = False) -> None:
    """Show every bucket with the number of its members."""
    listed = run_async(_list(load_client(app)))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("Id", "Name", "Members", "State", "Who is in it"),
        [
            (
                bucket.id,
                bucket.name,
                bucket.counts.active,
                str(bucket.status),
                bucket.criteria_text,
            )
            for bucket in listed.buckets
        ],
    )


@buckets.command("show")
def show_bucket(bucket: BucketId, app: App = None, as_json: Json = False) -> None:
    """Show all about a bucket."""
    shown = run_async(_show(load_client(app), bucket))
    if as_json:
        print_json({"bucket": shown.to_json()})
    else:
        print_record(shown.to_json())


@buckets.command("members")
def list_members(
    bucket: BucketId,
    *,
    app: App = None,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only this user's stays.")] = None,
    left: Annotated[bool, typer.Option("--left", help="Who was in it and left.")] = False,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show who is in a bucket, those who joined last first."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    page = Page(limit=limit, offset=offset)
    listed = run_async(_members(load_client(app), bucket, page, user=user, left=left))
    if as_json:
        print_json(listed.to_json())
        return
    if listed.members:
        print_table(
            ("User", "Mail", "Entered", "Left", "Stay"),
            [
                (
                    member.user_id,
                    member.user_email or "",
                    show_instant(member.entered_at),
                    show_instant(member.left_at),
                    member.entry_count,
                )
                for member in listed.members
            ],
        )
    shown = len(listed.members)
    more = "" if shown == listed.total else f" Shown: {shown:,}; more with --limit and --offset."
    typer.echo(f"{listed.total:,} {'left' if left else 'in'} {bucket}.{more}", err=True)


@buckets.command("disable")
def disable_bucket(bucket: BucketId, app: App = None) -> None:
    """Pause a bucket everywhere: it is not evaluated, its members stay."""
    run_async(_switch(load_client(app), bucket, enabled=False))
    typer.echo(f"{bucket} is paused in every process within 2 seconds. Its members stay.")


@buckets.command("enable")
def enable_bucket(bucket: BucketId, app: App = None) -> None:
    """Let a bucket be evaluated again, whatever the code says; a worker looks at everybody."""
    run_async(_switch(load_client(app), bucket, enabled=True))
    typer.echo(f"{bucket} is evaluated again, in every process within 2 seconds.")


@buckets.command("reevaluate")
def reevaluate_bucket(bucket: BucketId, app: App = None) -> None:
    """Let a worker look at everybody again; a job that failed is tried again."""
    run_async(_reevaluate(load_client(app), bucket))
    typer.echo(f"A worker looks at everybody again. See `{program()} buckets jobs {bucket}`.")


@buckets.command("retire")
def retire_bucket(bucket: BucketId, app: App = None) -> None:
    """Note that a bucket is not in the code any more. Its members stay."""
    run_async(_retire(load_client(app), bucket))
    typer.echo(f"{bucket} is retired. Its members stay; nobody joins or leaves.")


@buckets.command("jobs")
def list_bucket_jobs(
    bucket: Annotated[
        str | None,
        typer.Argument(metavar="BUCKET", help="The bucket's id; without it, all buckets."),
    ] = None,
    *,
    app: App = None,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show the jobs that bring memberships in line with changed definitions, newest first."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    listed = run_async(_jobs(load_client(app), bucket, Page(limit=limit, offset=offset)))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("Bucket", "Kind", "Status", "Created", "People", "Joined", "Left", "Error"),
        [
            (
                job.bucket_id,
                job.kind,
                job.status,
                show_instant(job.created_at),
                f"{job.done:,} of {'?' if job.total is None else format(job.total, ',')}",
                job.joined,
                job.left,
                job.error or "",
            )
            for job in listed.jobs
        ],
    )


async def _jobs(client: Client, bucket_id: str | None, page: Page) -> BucketJobs:
    from hogsend.ops.buckets import require_bucket  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.jobs import list_jobs  # noqa: PLC0415

    async with client.inspect():
        if bucket_id is not None:
            await require_bucket(client.engine.pool, client.registry, bucket_id)
        return await list_jobs(client.engine.pool, page, bucket_id)


async def _reevaluate(client: Client, bucket_id: str) -> None:
    from hogsend.ops.buckets import require_bucket  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.jobs import request_job  # noqa: PLC0415

    async with client.inspect():
        await require_bucket(client.engine.pool, client.registry, bucket_id)
        await request_job(client, bucket_id, actor=command_line_actor())


async def _retire(client: Client, bucket_id: str) -> None:
    from hogsend.ops.jobs import retire_bucket as retire  # noqa: PLC0415 - keeps --help quick

    async with client.inspect():
        await retire(client, bucket_id, actor=command_line_actor())


async def _list(client: Client) -> Buckets:
    from hogsend.ops.buckets import list_buckets as read  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.record import Page  # noqa: PLC0415

    async with client.inspect():
        return await read(
            client.engine.pool, client.registry, Page(limit=10_000), client.clock.now()
        )


async def _show(client: Client, bucket_id: str) -> BucketDetail:
    from hogsend.ops.buckets import show_bucket as read  # noqa: PLC0415 - keeps --help quick

    async with client.inspect():
        return await read(
            client.engine.pool, client.registry, client.journeys, bucket_id, client.clock.now()
        )


async def _members(
    client: Client, bucket_id: str, page: Page, *, user: str | None, left: bool
) -> Members:
    from hogsend.ops.buckets import require_bucket  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.stays import StayStatus  # noqa: PLC0415
    from hogsend.ops.stays import list_members as read  # noqa: PLC0415

    status = StayStatus.LEFT if left else StayStatus.ACTIVE
    async with client.inspect():
        await require_bucket(client.engine.pool, client.registry, bucket_id)
        return await read(client.engine.pool, bucket_id, page, status=status, user_id=user)


async def _switch(client: Client, bucket_id: str, *, enabled: bool) -> None:
    from hogsend.ops.buckets import switch_bucket  # noqa: PLC0415 - keeps --help quick

    async with client.inspect():
        await switch_bucket(client, bucket_id, enabled=enabled, actor=command_line_actor())
