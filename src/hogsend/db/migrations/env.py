"""Alembic's entry point: runs on the connection that ``hogsend.db.migrate`` hands over.

The caller owns the transaction and the lock. There is no offline mode.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic import context

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationInfo


def run() -> None:
    """Apply what is pending, and note each revision as it is applied."""
    attributes = context.config.attributes
    applied: list[str] = attributes["applied"]

    def note(ctx: Any, step: MigrationInfo, heads: Any, run_args: Any) -> None:  # noqa: ARG001
        applied.append(str(step.up_revision_id))

    context.configure(
        connection=attributes["connection"],
        version_table=attributes["table"],
        on_version_apply=note,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
