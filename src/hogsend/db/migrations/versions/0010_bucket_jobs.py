"""Jobs that bring memberships in line with changed definitions."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Create the table and add the columns."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
