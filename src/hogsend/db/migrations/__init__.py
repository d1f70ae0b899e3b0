"""The engine's migrations: one numbered revision after the other, never edited once released."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import op
from sqlalchemy.util import await_only


def execute_script(revision_file: str) -> None:
    """Run the ``.sql`` file beside a revision, in the migration's transaction.

    The script goes to the server in one piece by the simple protocol: nothing here has to
    find out where one of its statements ends.

    Args:
        revision_file: The revision's ``__file__``.
    """
    script = Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")
    driver: Any = op.get_bind().connection.driver_connection
    await_only(driver.execute(script))
