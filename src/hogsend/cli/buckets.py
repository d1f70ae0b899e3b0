"""``hogsend buckets``: what there is, who is in it, and pausing it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.options import App, Json
from hogsend.cli.printing import print_json, print_table
from hogsend.cli.running import run_async
from hogsend.errors import NotFoundError
from hogsend.instants import instant_to_json

if TYPE_CHECKING:
    from hogsend.app.client import Client
    from hogsend.buckets.definition import Bucket, Member
    from hogsend.buckets.registry import CompiledBucket
    from hogsend.ops.buckets import Stays

buckets = typer.Typer(
    name="buckets",
    help="Show buckets and their members; pause and resume them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@buckets.command("list")
def list_buckets(app: App = None, as_json: Json = False) -> None:
    """Show every bucket with the number of its members."""
    client = load_client(app)
    stays, live = run_async(_count(client))
    compiled = client.registry.buckets
    if as_json:
        shown = [
            _bucket_json(bucket, stays[id_], live=id_ in live) for id_, bucket in compiled.items()
        ]
        print_json({"buckets": shown, "total": len(shown)})
    else:
        _print_buckets(compiled, stays, live)


@buckets.command("members")
def list_members(
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's id.")],
    app: App = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Show at most so many.")] = 50,
    as_json: Json = False,
) -> None:
    """Show who is in a bucket now, in order of user id."""
    client = load_client(app)
    chosen = _bucket(client.registry.definitions, bucket)
    total, members = run_async(_read_members(client, chosen, limit))
    if as_json:
        shown = [_member_json(member) for member in members]
        print_json({"members": shown, "total": total, "limit": limit})
    else:
        _print_members(chosen, members, total)


@buckets.command("disable")
def disable_bucket(
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's id.")],
    app: App = None,
) -> None:
    """Pause a bucket everywhere: it is not evaluated, its members stay."""
    run_async(_override(load_client(app), bucket, enabled=False))
    typer.echo(f"{bucket} is paused in every process within 2 seconds. Its members stay.")


@buckets.command("enable")
def enable_bucket(
    bucket: Annotated[str, typer.Argument(metavar="BUCKET", help="The bucket's id.")],
    app: App = None,
) -> None:
    """Let a bucket be evaluated again, whatever the code says."""
    run_async(_override(load_client(app), bucket, enabled=True))
    typer.echo(f"{bucket} is evaluated again, in every process within 2 seconds.")


async def _override(client: Client, bucket_id: str, *, enabled: bool) -> None:
    _bucket(client.registry.definitions, bucket_id)
    async with client:
        await client.control.override(bucket_id, enabled=enabled)


async def _count(client: Client) -> tuple[dict[str, Stays], list[str]]:
    """The stays of each bucket, and which buckets are live."""
    from hogsend.ops.buckets import count_stays  # noqa: PLC0415 - keeps --help quick

    async with client:
        stays = await count_stays(client.engine.pool, list(client.registry.buckets.values()))
        return stays, client.registry.live_ids


async def _read_members(client: Client, bucket: Bucket, limit: int) -> tuple[int, list[Member]]:
    async with client:
        total = await client.engine.members.count(bucket.id)
        members: list[Member] = []
        async for member in bucket.members_iterator(page_size=min(limit, 1000)):
            members.append(member)
            if len(members) == limit:
                break
        return total, members


def _bucket(known: Sequence[Bucket], bucket_id: str) -> Bucket:
    for bucket in known:
        if bucket.id == bucket_id:
            return bucket
    raise NotFoundError("bucket", bucket_id, [bucket.id for bucket in known])


def _bucket_json(bucket: CompiledBucket, stays: Stays, *, live: bool) -> dict[str, Any]:
    from hogsend.criteria.describe import describe  # noqa: PLC0415 - keeps --help quick
    from hogsend.criteria.dump import dump  # noqa: PLC0415

    return {
        "id": bucket.meta.id,
        "name": bucket.meta.name,
        "description": bucket.meta.description,
        "enabled": live,
        "timeBased": bucket.analysis.time_based,
        "entryLimit": str(bucket.meta.entry_limit),
        "criteria": dump(bucket.meta.criteria),
        "criteriaText": describe(bucket.meta.criteria),
        "counts": {"active": stays.active, "left": stays.left},
    }


def _member_json(member: Member) -> dict[str, Any]:
    return {
        "userId": member.user_id,
        "userEmail": member.email,
        "enteredAt": instant_to_json(member.entered_at),
        "entryCount": member.entry_count,
    }


def _print_buckets(
    buckets: Mapping[str, CompiledBucket], stays: Mapping[str, Stays], live: Sequence[str]
) -> None:
    from hogsend.criteria.describe import describe  # noqa: PLC0415 - keeps --help quick

    print_table(
        ("Id", "Name", "Members", "Who is in it"),
        [
            (
                id_,
                bucket.meta.name if id_ in live else f"{bucket.meta.name} (paused)",
                stays[id_].active,
                describe(bucket.meta.criteria),
            )
            for id_, bucket in buckets.items()
        ],
    )


def _print_members(bucket: Bucket, members: Sequence[Member], total: int) -> None:
    if members:
        print_table(
            ("User", "Mail", "Member since", "Stay"),
            [
                (
                    member.user_id,
                    member.email or "",
                    f"{member.entered_at:%Y-%m-%d %H:%M:%S} UTC",
                    member.entry_count,
                )
                for member in members
            ],
        )
    more = "" if len(members) == total else f" Shown: {len(members):,}; more with --limit."
    typer.echo(f"{total:,} in {bucket.meta.name}.{more}", err=True)
