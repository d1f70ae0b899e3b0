"""``hogsend events list`` and ``names``: the log of events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hogsend.cli.database import open_database
from hogsend.cli.options import Json, Limit, Offset
from hogsend.cli.printing import print_json, print_table, print_total, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from datetime import datetime

    from hogsend.ops.events import EventNames, LoggedEvents
    from hogsend.ops.record import Page


def list_events(
    *,
    user: Annotated[str | None, typer.Option(metavar="ID", help="Only this user's.")] = None,
    event: Annotated[str | None, typer.Option(metavar="NAME", help="Only of this name.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From then on, ISO 8601.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before then.")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show events, those that happened last first."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    page = Page(limit=limit, offset=offset)
    listed = run_async(_list(page, user, event, _instant("--from", start), _instant("--to", end)))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("When", "User", "Event", "Properties"),
        [
            (
                show_instant(logged.occurred_at),
                logged.user_id,
                logged.event,
                ", ".join(f"{key}={value}" for key, value in logged.properties.items()),
            )
            for logged in listed.events
        ],
    )
    print_total("events", listed.total, len(listed.events), capped=listed.total_capped)


def list_names(limit: Limit = 50, offset: Offset = 0, as_json: Json = False) -> None:
    """Show the names that events have, and when each was seen last."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    listed = run_async(_names(Page(limit=limit, offset=offset)))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("Name", "Last seen"),
        [(name.name, show_instant(name.last_seen_at)) for name in listed.names],
    )
    print_total("names", listed.total, len(listed.names), capped=listed.total_capped)


async def _list(
    page: Page,
    user_id: str | None,
    event: str | None,
    start: datetime | None,
    end: datetime | None,
) -> LoggedEvents:
    from hogsend.ops.events import list_events as read  # noqa: PLC0415 - keeps --help quick

    async with open_database() as pool:
        return await read(pool, page, user_id=user_id, event=event, start=start, end=end)


async def _names(page: Page) -> EventNames:
    from hogsend.ops.events import list_event_names  # noqa: PLC0415 - keeps --help quick

    async with open_database() as pool:
        return await list_event_names(pool, page)


def _instant(option: str, text: str | None) -> datetime | None:
    from hogsend.events.parse import parse_instant  # noqa: PLC0415 - keeps --help quick

    return None if text is None else parse_instant(option, text)
