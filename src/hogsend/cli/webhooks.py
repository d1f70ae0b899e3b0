"""``hogsend webhooks``: who is told of what by webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from hogsend.cli.database import command_line_actor, open_database
from hogsend.cli.options import Json, Limit, Offset
from hogsend.cli.printing import print_json, print_table, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from hogsend.db.pool import Pool
    from hogsend.ops.webhooks import WebhookAttempt

webhooks = typer.Typer(
    name="webhooks",
    help="Say who is told of what by webhook, and see what they answered.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

EndpointId = Annotated[
    UUID, typer.Argument(metavar="ID", help="The endpoint's id, as `webhooks list` has it.")
]


@webhooks.command("add")
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where they go.")],
    topic: Annotated[
        list[str],
        typer.Option(
            metavar="TOPIC",
            help="Of what: bucket.entered, bucket.left, bucket.dwell, journey.completed or "
            "journey.failed. May be given several times.",
        ),
    ],
    description: Annotated[str, typer.Option(metavar="TEXT", help="Whose it is.")] = "",
    as_json: Json = False,
) -> None:
    """Tell an endpoint of what happens from now on, and show its secret this once."""

    async def do(pool: Pool, now: datetime) -> Any:
        from hogsend.ops.webhooks import add_endpoint  # noqa: PLC0415 - keeps --help quick

        return await add_endpoint(
            pool,
            url=url,
            topics=topic,
            description=description,
            allow_private=_allow_private(),
            actor=command_line_actor(),
            now=now,
        )

    made = run_async(_with_database(do))
    if as_json:
        print_json(made.to_json())
        return
    typer.echo(made.secret)
    typer.echo(
        f"This is the only time that the secret is shown. The endpoint's id is {made.endpoint.id}.",
        err=True,
    )


@webhooks.command("list")
def list_(limit: Limit = 50, offset: Offset = 0, as_json: Json = False) -> None:
    """Show all endpoints, newest first."""

    async def do(pool: Pool, _: datetime) -> Any:
        from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick
        from hogsend.ops.webhooks import list_endpoints  # noqa: PLC0415

        return await list_endpoints(pool, Page(limit=limit, offset=offset))

    listed = run_async(_with_database(do))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("Id", "URL", "Topics", "Description"),
        [
            (each.id, each.url, ", ".join(each.topics), each.description)
            for each in listed.endpoints
        ],
    )


@webhooks.command("delete")
def delete(endpoint: EndpointId) -> None:
    """Tell an endpoint nothing more, also of what waits."""

    async def do(pool: Pool, now: datetime) -> Any:
        from hogsend.ops.webhooks import remove_endpoint  # noqa: PLC0415 - keeps --help quick

        return await remove_endpoint(pool, str(endpoint), actor=command_line_actor(), now=now)

    typer.echo(f"{run_async(_with_database(do)).endpoint.url} is told nothing any more.")


@webhooks.command("log")
def log(endpoint: EndpointId, limit: Limit = 50, offset: Offset = 0, as_json: Json = False) -> None:
    """Show what an endpoint answered lately, newest first."""

    async def do(pool: Pool, _: datetime) -> Any:
        from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick
        from hogsend.ops.webhooks import list_attempts  # noqa: PLC0415

        return await list_attempts(pool, str(endpoint), Page(limit=limit, offset=offset))

    listed = run_async(_with_database(do))
    if as_json:
        print_json(listed.to_json())
    else:
        _print_attempts(listed.attempts)


@webhooks.command("test")
def try_(endpoint: EndpointId, as_json: Json = False) -> None:
    """Send a test webhook at once; the exit code is 1 if it was not taken."""

    async def do(pool: Pool, now: datetime) -> Any:
        from hogsend.ops.webhooks import try_endpoint  # noqa: PLC0415 - keeps --help quick

        return await try_endpoint(
            pool,
            str(endpoint),
            allow_private=_allow_private(),
            actor=command_line_actor(),
            now=now,
        )

    attempt = run_async(_with_database(do))
    if as_json:
        print_json(attempt.to_json())
    else:
        _print_attempts([attempt])
    if attempt.error is not None:
        raise typer.Exit(1)


def _print_attempts(attempts: list[WebhookAttempt]) -> None:
    print_table(
        ("When", "Message", "User", "Topic", "Status", "ms", "Error"),
        [
            (
                show_instant(each.at),
                each.message_id,
                each.user_id,
                each.topic,
                str(each.status or ""),
                str(each.took_ms),
                each.error or "",
            )
            for each in attempts
        ],
    )


def _allow_private() -> bool:
    from hogsend.settings import Settings  # noqa: PLC0415 - keeps --help quick

    return Settings().webhooks_allow_private


async def _with_database(do: Callable[[Pool, datetime], Awaitable[Any]]) -> Any:
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick

    async with open_database() as pool:
        return await do(pool, SystemClock().now())
