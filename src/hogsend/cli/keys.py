"""``hogsend keys``: who may use the API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import typer

from hogsend.cli.database import command_line_actor, open_database
from hogsend.cli.options import Json, Limit, Offset
from hogsend.cli.printing import print_json, print_table, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from datetime import datetime

    from hogsend.ops.keys import ApiKey, ApiKeys, NewApiKey, Scope

_SCOPES: Final = "ingest, read, journey-admin or full-admin"

keys = typer.Typer(
    name="keys",
    help="Make, list and revoke API keys.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@keys.command("create")
def create(
    *,
    scope: Annotated[str, typer.Option(metavar="SCOPE", help=f"What it may do: {_SCOPES}.")],
    name: Annotated[
        str, typer.Option(metavar="TEXT", help="Whose it is, or what for.")
    ] = "command line",
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="From when on it opens nothing: ISO 8601, or e.g. 90d, 12h.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a key, and show it this once."""
    made = run_async(_create(name, _scope(scope), expires))
    if as_json:
        print_json(made.to_json())
        return
    typer.echo(made.key)
    typer.echo(
        f"This is the only time that it is shown. Its scope is {made.api_key.scope}; "
        f"it begins with {made.api_key.prefix}.",
        err=True,
    )


@keys.command("list")
def list_keys(limit: Limit = 50, offset: Offset = 0, as_json: Json = False) -> None:
    """Show all keys, newest first; revoked and expired ones, too."""
    listed, now = run_async(_list(limit, offset))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("Id", "Key", "Name", "Scope", "State", "Last used"),
        [
            (
                key.id,
                f"{key.prefix}...",
                key.name,
                str(key.scope),
                _state(key, now),
                show_instant(key.last_used_at),
            )
            for key in listed.api_keys
        ],
    )


@keys.command("revoke")
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as `keys list` has it.")],
) -> None:
    """End a key at once, in every process."""
    revoked = run_async(_revoke(key))
    typer.echo(f"{revoked.prefix}... ({revoked.name}) is revoked.")


async def _create(name: str, scope: Scope, expires: str | None) -> NewApiKey:
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.keys import create_key  # noqa: PLC0415

    now = SystemClock().now()
    expires_at = None if expires is None else _instant(expires, now)
    async with open_database() as pool:
        return await create_key(
            pool,
            name=name,
            scope=scope,
            expires_at=expires_at,
            actor=command_line_actor(),
            now=now,
        )


async def _list(limit: int, offset: int) -> tuple[ApiKeys, datetime]:
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.keys import list_keys as read  # noqa: PLC0415
    from hogsend.ops.record import Page  # noqa: PLC0415

    async with open_database() as pool:
        return await read(pool, Page(limit=limit, offset=offset)), SystemClock().now()


async def _revoke(key_id: str) -> ApiKey:
    from uuid import UUID  # noqa: PLC0415 - keeps --help quick

    from hogsend.clock import SystemClock  # noqa: PLC0415
    from hogsend.ops.keys import revoke_key  # noqa: PLC0415

    try:
        UUID(key_id)
    except ValueError as error:
        raise typer.BadParameter(
            f"{key_id!r} is no id; `hogsend keys list` shows the ids"
        ) from error
    async with open_database() as pool:
        return await revoke_key(pool, key_id, actor=command_line_actor(), now=SystemClock().now())


def _scope(text: str) -> Scope:
    from hogsend.ops.keys import Scope  # noqa: PLC0415 - keeps --help quick

    try:
        return Scope(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is no scope; it is {_SCOPES}", param_hint="--scope"
        ) from error


def _instant(text: str, now: datetime) -> datetime:
    from datetime import timedelta  # noqa: PLC0415 - keeps --help quick

    from hogsend.events.parse import parse_instant  # noqa: PLC0415

    if (match := re.fullmatch(r"(\d{1,5})([dh])", text)) is not None:
        return now + int(match[1]) * (timedelta(days=1) if match[2] == "d" else timedelta(hours=1))
    return parse_instant("--expires", text)


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not key.usable(now):
        return "expired"
    return "good" if key.expires_at is None else f"good until {show_instant(key.expires_at)}"
