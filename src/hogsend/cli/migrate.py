"""``hogsend migrate``: bring the database's schema up to date."""

from __future__ import annotations

import typer

from hogsend.cli.running import run_async


def migrate() -> None:
    """Create or update the tables. Other commands do it by themselves."""
    applied = run_async(_migrate())
    done = f"Applied {', '.join(applied)}." if applied else "There was nothing to apply."
    typer.echo(f"{done} The schema is up to date.")


async def _migrate() -> list[str]:
    from hogsend.db.embedded import ensure_database  # noqa: PLC0415 - keeps --help quick
    from hogsend.db.migrate import migrate as apply  # noqa: PLC0415
    from hogsend.settings import Settings  # noqa: PLC0415

    settings = Settings()
    async with ensure_database(settings) as database:
        return await apply(database.dsn, statement_cache_size=settings.statement_cache_size)
