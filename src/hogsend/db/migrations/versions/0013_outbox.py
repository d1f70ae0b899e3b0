"""The outbox, and what of the buckets PostHog is to know."""

from __future__ import annotations

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Create the tables."""
    execute_script(__file__)


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
