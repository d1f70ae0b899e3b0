"""Keys, the audit log, and indexes for what operators read."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Create the tables and indexes."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
