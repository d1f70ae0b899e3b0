"""``hogsend contacts``: who there is, what happened to them, and deleting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from hogsend.cli.apps import load_client
from hogsend.cli.database import command_line_actor, open_database
from hogsend.cli.options import App, Json, Limit, Offset
from hogsend.cli.printing import print_json, print_record, print_table, print_total, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.app.client import Client
    from hogsend.ops.contacts import ContactPicture, Contacts
    from hogsend.ops.events import Timeline
    from hogsend.ops.record import Page

UserId = Annotated[str, typer.Argument(metavar="USER", help="The user's id.")]

contacts = typer.Typer(
    name="contacts",
    help="Show contacts and what happened to them; delete them.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@contacts.command("list")
def list_contacts(
    *,
    search: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="How the user id or the mail address begins."),
    ] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    as_json: Json = False,
) -> None:
    """Show contacts in order of user id."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    listed = run_async(_list(Page(limit=limit, offset=offset), search))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("User", "Mail", "Created", "Updated"),
        [
            (
                contact.user_id,
                contact.email or "",
                show_instant(contact.created_at),
                show_instant(contact.updated_at),
            )
            for contact in listed.contacts
        ],
    )
    print_total("contacts", listed.total, len(listed.contacts), capped=listed.total_capped)


@contacts.command("show")
def show_contact(user: UserId, as_json: Json = False) -> None:
    """Show a contact's properties and their stays in buckets."""
    shown = run_async(_show(user))
    if as_json:
        print_json({"contact": shown.to_json()})
    else:
        print_record(shown.to_json())


@contacts.command("timeline")
def show_timeline(
    user: UserId, *, limit: Limit = 50, offset: Offset = 0, as_json: Json = False
) -> None:
    """Show what happened to a contact, newest first."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    told = run_async(_timeline(user, Page(limit=limit, offset=offset)))
    if as_json:
        print_json(told.to_json())
        return
    print_table(
        ("When", "What", "", "Detail"),
        [
            (
                show_instant(entry.at),
                str(entry.kind),
                entry.title,
                ", ".join(f"{key}={value}" for key, value in entry.detail.items()),
            )
            for entry in told.entries
        ],
    )
    print_total("entries", told.total, len(told.entries), capped=told.total_capped)


@contacts.command("delete")
def delete_contact(
    user: UserId,
    *,
    erase: Annotated[
        bool, typer.Option("--erase", help="Also remove their events and past memberships.")
    ] = False,
    app: App = None,
) -> None:
    """Delete a contact: they leave all buckets and journeys, and nothing is announced."""
    run_async(_delete(load_client(app), user, erase=erase))
    typer.echo(f"{user} is {'erased' if erase else 'deleted'}.")


async def _list(page: Page, search: str | None) -> Contacts:
    from hogsend.ops.contacts import list_contacts as read  # noqa: PLC0415 - keeps --help quick

    async with open_database() as pool:
        return await read(pool, page, search=search)


async def _show(user_id: str) -> ContactPicture:
    from hogsend.ops.contacts import picture_contact  # noqa: PLC0415 - keeps --help quick

    async with open_database() as pool:
        return await picture_contact(pool, user_id)


async def _timeline(user_id: str, page: Page) -> Timeline:
    from hogsend.ops.events import timeline_of  # noqa: PLC0415 - keeps --help quick

    async with open_database() as pool:
        return await timeline_of(pool, user_id, page)


async def _delete(client: Client, user_id: str, *, erase: bool) -> None:
    from hogsend.ops.contacts import remove_contact  # noqa: PLC0415 - keeps --help quick

    async with client:
        await remove_contact(client, user_id, erase=erase, actor=command_line_actor())
