"""The first schema."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    execute_script(__file__)


def downgrade() -> None:
    """There is nothing before the first schema."""
    raise DatabaseError("Revision 0001 is the first; to go back, drop the database.")
