"""``hogsend journeys``: what runs, who is in it, pausing it, and looking after single runs."""

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
    from hogsend.ops.journeys import JourneyDetail, Journeys
    from hogsend.ops.record import Page
    from hogsend.ops.runs import JourneyState, JourneyStates

JourneyId = Annotated[str, typer.Argument(metavar="JOURNEY", help="The journey's id.")]
StateId = Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")]

journeys = typer.Typer(
    name="journeys",
    help="Show journeys and their runs; pause and resume them; cancel and retry runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@journeys.command("list")
def list_journeys(app: App = None, as_json: Json = False) -> None:
    """Show every journey with the number of its runs."""
    listed = run_async(_list(load_client(app)))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("Id", "Name", "Starts on", "Active", "Waiting", "Completed", "Exited", "Failed"),
        [
            (
                journey.id,
                journey.name if journey.enabled else f"{journey.name} ({journey.state})",
                journey.trigger or "",
                *(getattr(journey.counts, status) for status in _STATUSES),
            )
            for journey in listed.journeys
        ],
    )


_STATUSES = ("active", "waiting", "completed", "exited", "failed")


@journeys.command("show")
def show_journey(journey: JourneyId, app: App = None, as_json: Json = False) -> None:
    """Show all about a journey."""
    shown = run_async(_show(load_client(app), journey))
    if as_json:
        print_json({"journey": shown.to_json()})
    else:
        print_record(shown.to_json())


@journeys.command("states")
def list_states(
    journey: JourneyId,
    *,
    app: App = None,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only this user's runs.")] = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help=f"Only {', '.join(_STATUSES)} ones.")
    ] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show the runs of a journey, the latest first."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    if status is not None and status not in _STATUSES:
        raise typer.BadParameter(f"unknown status {status!r}; there is: {', '.join(_STATUSES)}")
    page = Page(limit=limit, offset=offset)
    listed = run_async(_states(load_client(app), journey, page, user=user, status=status))
    if as_json:
        print_json(listed.to_json())
        return
    if listed.states:
        print_table(
            ("Run", "User", "Status", "Started", "Goes on", "Why"),
            [
                (
                    state.id,
                    state.user_id,
                    state.status,
                    show_instant(state.created_at),
                    show_instant(state.wake_at),
                    _why(state),
                )
                for state in listed.states
            ],
        )
    shown = len(listed.states)
    more = "" if shown == listed.total else f" Shown: {shown:,}; more with --limit and --offset."
    typer.echo(f"{listed.total:,} runs of {journey}.{more}", err=True)


@journeys.command("cancel")
def cancel_run(journey: JourneyId, run: StateId, app: App = None) -> None:
    """End a run; one that is under way stops at its next durable call."""
    run_async(_act(load_client(app), "cancel", journey, run))
    typer.echo(f"The run {run} of {journey} is cancelled.")


@journeys.command("retry")
def retry_run(journey: JourneyId, run: StateId, app: App = None) -> None:
    """Let a failed run go on where it failed."""
    run_async(_act(load_client(app), "retry", journey, run))
    typer.echo(f"The run {run} of {journey} goes on with the next worker that is free.")


@journeys.command("disable")
def disable_journey(journey: JourneyId, app: App = None) -> None:
    """Pause a journey everywhere: it enrols nobody, and its runs wait."""
    run_async(_switch(load_client(app), journey, enabled=False))
    typer.echo(f"{journey} is paused in every process within 2 seconds. Its runs wait.")


@journeys.command("enable")
def enable_journey(journey: JourneyId, app: App = None) -> None:
    """Let a journey run again, whatever the code says."""
    run_async(_switch(load_client(app), journey, enabled=True))
    typer.echo(f"{journey} runs again, in every process within 2 seconds.")


def _why(state: JourneyState) -> str:
    if state.waits_for is not None:
        return f"waits for {state.waits_for}"
    return state.exit_reason or state.error or ""


async def _list(client: Client) -> Journeys:
    from hogsend.ops.journeys import list_journeys as read  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.record import Page  # noqa: PLC0415

    async with client.inspect():
        return await read(client.engine.pool, client.journeys, Page(limit=10_000))


async def _show(client: Client, journey_id: str) -> JourneyDetail:
    from hogsend.ops.journeys import show_journey as read  # noqa: PLC0415 - keeps --help quick

    async with client.inspect():
        return await read(client.engine.pool, client.journeys, journey_id)


async def _states(
    client: Client, journey_id: str, page: Page, *, user: str | None, status: str | None
) -> JourneyStates:
    from hogsend.journeys.model import Status  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.journeys import require_journey  # noqa: PLC0415
    from hogsend.ops.runs import list_runs  # noqa: PLC0415

    chosen = None if status is None else Status(status)
    async with client.inspect():
        await require_journey(client.engine.pool, client.journeys, journey_id)
        return await list_runs(client.engine.pool, journey_id, page, status=chosen, user_id=user)


async def _act(client: Client, what: str, journey_id: str, state_id: str) -> None:
    from hogsend.ops import runs  # noqa: PLC0415 - keeps --help quick
    from hogsend.ops.journeys import require_journey  # noqa: PLC0415

    act = {"cancel": runs.cancel, "retry": runs.retry}[what]
    async with client.inspect():
        await require_journey(client.engine.pool, client.journeys, journey_id)
        await act(client, journey_id, state_id, actor=command_line_actor())


async def _switch(client: Client, journey_id: str, *, enabled: bool) -> None:
    from hogsend.ops.journeys import switch_journey  # noqa: PLC0415 - keeps --help quick

    async with client:
        await switch_journey(client, journey_id, enabled=enabled, actor=command_line_actor())
