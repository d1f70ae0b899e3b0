"""``hogsend buckets``: what there is, who is in it, and pausing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.database import command_line_actor
from hogsend.cli.options import App, Json, Limit, Offset
from hogsend.cli.printing import print_json, print_record, print_table, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.app.client import Client
    from hogsend.ops.buckets import BucketDetail, Buckets
    from hogsend.ops.record import Page
    from hogsend.ops.stays import Members

BucketId = Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's id.")]

buckets = typer.Typer(
    name="buckets",
    help="Show buckets and their members; pause and resume them.",
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
        ("Id", "Name", "Members", "Who is in it"),
        [
            (
                bucket.id,
                bucket.name if bucket.enabled else f"{bucket.name} ({bucket.status.state})",
                bucket.counts.active,
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
    """Let a bucket be evaluated again, whatever the code says."""
    run_async(_switch(load_client(app), bucket, enabled=True))
    typer.echo(f"{bucket} is evaluated again, in every process within 2 seconds.")


async def _list(client: Client) -> Buckets:
    from hogsend.ops.buckets import list_buckets as read  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.record import Page  # noqa: PLC0415

    async with client:
        return await read(
            client.engine.pool, client.registry, Page(limit=10_000), client.clock.now()
        )


async def _show(client: Client, bucket_id: str) -> BucketDetail:
    from hogsend.ops.buckets import show_bucket as read  # noqa: PLC0415 - keeps --help quick

    async with client:
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
    async with client:
        await require_bucket(client.engine.pool, client.registry, bucket_id)
        return await read(client.engine.pool, bucket_id, page, status=status, user_id=user)


async def _switch(client: Client, bucket_id: str, *, enabled: bool) -> None:
    from hogsend.ops.buckets import switch_bucket  # noqa: PLC0415 - keeps --help quick

    async with client:
        await switch_bucket(client, bucket_id, enabled=enabled, actor=command_line_actor())
