"""What a bucket's criteria were, in English."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the column."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
