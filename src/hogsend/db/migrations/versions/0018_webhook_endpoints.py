"""Endpoints of webhooks, and the attempts to reach them."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Create the tables."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
