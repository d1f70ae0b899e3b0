"""Runs due at one instant in order; what throttles count."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Widen the index and create the table."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
