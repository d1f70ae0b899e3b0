"""``hogsend events``: put events into the log, and read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.imports import import_file
from hogsend.cli.log import list_events, list_names
from hogsend.cli.options import App, Json, RejectsPath
from hogsend.cli.printing import print_json
from hogsend.cli.running import run_async
from hogsend.events.importing.columns import ColumnOptions

if TYPE_CHECKING:
    from hogsend.app.client import Client
    from hogsend.events.model import Outcome

_Columns = list[str]

events = typer.Typer(
    name="events", help="Send, import and list events.", no_args_is_help=True, rich_markup_mode=None
)

events.command("list")(list_events)
events.command("names")(list_names)


@events.command("send")
def send(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The event's name, e.g. purchase.")],
    *,
    user: Annotated[str | None, typer.Option(metavar="ID", help="The user's id.")] = None,
    email: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Their mail address.")
    ] = None,
    properties: Annotated[
        str | None, typer.Option(metavar="JSON", help="Properties of the event.")
    ] = None,
    contact: Annotated[
        str | None, typer.Option(metavar="JSON", help="Properties to merge into the contact.")
    ] = None,
    timestamp: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="When it happened, ISO 8601; now if left out."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="KEY", help="Idempotency key; a second event with it is nothing."),
    ] = None,
    app: App = None,
    as_json: Json = False,
) -> None:
    """Send one event, and show who joined or left a bucket by it."""
    if user is None and email is None:
        raise typer.BadParameter("say who it is with --user ID or --email ADDRESS")
    item = {
        "name": name,
        "userId": user,
        "email": email,
        "eventProperties": _object("--properties", properties),
        "contactProperties": _object("--contact", contact),
        "timestamp": timestamp,
        "idempotencyKey": key,
    }
    outcome = run_async(_send(load_client(app), item))
    if as_json:
        from hogsend.ops.outcomes import event_answer  # noqa: PLC0415 - keeps --help quick

        print_json(event_answer(outcome))
    else:
        _print_outcome(name, outcome)


@events.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="CSV with a header, or NDJSON.", metavar="FILE")],
    *,
    event: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="CSV: the name of all events, without an event column."),
    ] = None,
    properties: Annotated[
        _Columns | None,
        typer.Option("--property", metavar="COLUMN", help="CSV: a property of the event."),
    ] = None,
    contact: Annotated[
        _Columns | None, typer.Option(metavar="COLUMN", help="CSV: a property of the person.")
    ] = None,
    text: Annotated[
        _Columns | None,
        typer.Option(metavar="COLUMN", help="CSV: a property that is text, digits or not."),
    ] = None,
    ignore: Annotated[
        _Columns | None, typer.Option(metavar="COLUMN", help="CSV: a column to leave out.")
    ] = None,
    rest_as_properties: Annotated[
        bool,
        typer.Option("--rest-as-properties", help="CSV: unknown columns are properties."),
    ] = False,
    utc: Annotated[bool, typer.Option("--utc", help="CSV: times without a zone are UTC.")] = False,
    rejects: RejectsPath = None,
    app: App = None,
    as_json: Json = False,
) -> None:
    """Import past events; importing again stores only what is missing.

    CSV columns known by name: user_id, email, event, timestamp, idempotency_key,
    properties.KEY and contact.KEY. Name the others with the options; an unknown column is an
    error. A property cell is read as JSON would: 5 and -1.5e3 are numbers, true and false
    booleans, all else (007, +5) is text; an empty cell is no value. NDJSON has one object per
    line, as POST /v1/events takes it.

    Lines that cannot be stored are refused one by one, with number and reason, and the exit
    code is 1.
    """
    options = ColumnOptions(
        properties=properties or (),
        contact=contact or (),
        text=text or (),
        ignored=ignore or (),
        rest_as_properties=rest_as_properties,
        event=event,
        utc=utc,
    )
    refused_to = rejects or file.with_name(f"{file.name}.rejects.ndjson")
    raise typer.Exit(
        import_file(load_client(app), file, options, rejects=refused_to, as_json=as_json)
    )


def _object(option: str, text: str | None) -> Any:
    if text is None:
        return None
    try:
        value = json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"is not JSON: {error}", param_hint=option) from error
    if not isinstance(value, dict):
        raise typer.BadParameter('must be an object such as {"amount": 30}', param_hint=option)
    return value


async def _send(client: Client, item: dict[str, Any]) -> Outcome:
    from hogsend.events.parse import parse_event  # noqa: PLC0415 - keeps --help quick

    write = parse_event(item, client.clock.now())
    async with client:
        return (await client.engine.batcher.submit([write]))[0]


def _print_outcome(name: str, outcome: Outcome) -> None:
    if not outcome.stored:
        typer.echo(f"Known already: {outcome.user_id} has an event with this key. Nothing changed.")
        return
    from hogsend.ops.outcomes import transitions_of  # noqa: PLC0415 - keeps --help quick

    typer.echo(f"Stored {name} of {outcome.user_id}.")
    for transition in transitions_of(outcome):
        typer.echo(f"{outcome.user_id} {transition['transition']} {transition['bucketId']}.")
