"""Mail and runs by time, for the operators' numbers."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the indexes."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
