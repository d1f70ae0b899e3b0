"""Indexes for lists of runs and mails."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Create the indexes, and drop the one that they replace."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
