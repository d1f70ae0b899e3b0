"""``hogsend migrate``: bring the database's schema up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from hogsend.cli.apps import has_default, load_client
from hogsend.cli.options import App
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.app.client import Client


def migrate(app: App = None) -> None:
    """Create or update the tables, the app's own included. Other commands do it by themselves."""
    applied = run_async(_migrate(_client(app)))
    done = f"Applied {', '.join(applied)}." if applied else "There was nothing to apply."
    typer.echo(f"{done} The schema is up to date.")


def _client(app: str | None) -> Client:
    """The app; where there is none, one without anything of its own."""
    from hogsend.app.client import create_client  # noqa: PLC0415 - keeps --help quick

    return load_client(app) if app or has_default() else create_client()


async def _migrate(client: Client) -> list[str]:
    from hogsend.db.embedded import ensure_database  # noqa: PLC0415 - keeps --help quick

    async with ensure_database(client.settings) as database:
        return await client.migrate(database.dsn)
