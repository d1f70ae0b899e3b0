"""``hogsend audit``: who did what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hogsend.cli.database import open_database
from hogsend.cli.options import Json, Limit, Offset
from hogsend.cli.printing import print_json, print_table, print_total, show_instant
from hogsend.cli.running import run_async

if TYPE_CHECKING:
    from hogsend.ops.audit import AuditLogs
    from hogsend.ops.record import Page


def audit(limit: Limit = 50, offset: Offset = 0, as_json: Json = False) -> None:
    """Show what operators did, newest first."""
    from hogsend.ops.record import Page  # noqa: PLC0415 - keeps --help quick

    listed = run_async(_list(Page(limit=limit, offset=offset)))
    if as_json:
        print_json(listed.to_json())
        return
    print_table(
        ("When", "Who", "What", "To what"),
        [
            (show_instant(entry.at), entry.actor, entry.action, entry.target)
            for entry in listed.audit_logs
        ],
    )
    print_total("entries", listed.total, len(listed.audit_logs))


async def _list(page: Page) -> AuditLogs:
    from hogsend.ops.audit import list_actions  # noqa: PLC0415 - keeps --help quick

    async with open_database() as pool:
        return await list_actions(pool, page)
