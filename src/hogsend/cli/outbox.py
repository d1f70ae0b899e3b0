"""``hogsend outbox``: what waits to be delivered to the outside, and what was given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from hogsend.cli.database import command_line_actor, open_database
from hogsend.cli.options import Json, Limit, Offset
from hogsend.cli.printing import print_json, print_table, print_total, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.ops.outbox import Deliveries, OutboxSummary

outbox = typer.Typer(
    name="outbox",
    help="Look at deliveries to the outside, and repeat those that failed.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Destination = Annotated[
    str, typer.Argument(metavar="DESTINATION", help="posthog, or a webhook endpoint's id.")
]


@outbox.command("status")
def status(as_json: Json = False) -> None:
    """Show what waits for whom, for how long, and how much was given up."""
    summary = run_async(_summarize())
    if as_json:
        print_json(summary.to_json())
        return
    print_table(
        ("Destination", "Waiting", "For (s)", "Given up"),
        [
            (each.destination, f"{each.pending:,}", f"{each.lag_secs:,.1f}", f"{each.dead:,}")
            for each in summary.destinations
        ],
    )


@outbox.command("list")
def list_(
    destination: Destination,
    pending: Annotated[
        bool, typer.Option("--pending", help="Those that wait, not those that were given up.")
    ] = False,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show a destination's deliveries that were given up, and why."""
    listed = run_async(_list(destination, pending, limit, offset))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("Id", "User", "Topic", "Attempts", "Due", "Error"),
        [
            (
                each.id,
                each.user_id,
                each.topic,
                str(each.attempts),
                "given up" if each.due_at is None else show_instant(each.due_at),
                each.error or "",
            )
            for each in listed.deliveries
        ],
    )
    print_total("deliveries", listed.total, len(listed.deliveries))


@outbox.command("replay")
def replay(
    destination: Destination,
    delivery: Annotated[
        UUID | None,
        typer.Argument(
            metavar="[ID]", help="As `outbox list` has it; without it all.", show_default=False
        ),
    ] = None,
) -> None:
    """Give deliveries that were given up all their attempts again."""
    replayed = run_async(_replay(destination, delivery))
    typer.echo(f"{replayed:,} {'is' if replayed == 1 else 'are'} due again.")


async def _summarize() -> OutboxSummary:
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.outbox import summarize  # noqa: PLC0415

    async with open_database() as pool:
        return await summarize(pool, SystemClock().now())


async def _list(destination: str, pending: bool, limit: int, offset: int) -> Deliveries:
    from hogsend.ops.outbox import DeliveryState, list_deliveries  # noqa: PLC0415
    from hogsend.ops.record import Page  # noqa: PLC0415

    state = DeliveryState.PENDING if pending else DeliveryState.DEAD
    async with open_database() as pool:
        return await list_deliveries(pool, destination, state, Page(limit=limit, offset=offset))


async def _replay(destination: str, delivery: UUID | None) -> int:
    from hogsend.clock import SystemClock  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.outbox import replay as again  # noqa: PLC0415

    async with open_database() as pool:
        done = await again(
            pool,
            destination,
            delivery_id=None if delivery is None else str(delivery),
            actor=command_line_actor(),
            now=SystemClock().now(),
        )
    return done.replayed
