"""An example of a table of your own; a start applies it after Hogsend's own migrations.

The next one is 0002_something.py with revision "0002" and down_revision "0001". Never edit one that
has been deployed.
"""

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """What people said when they were asked."""
    op.execute(
        """
        CREATE TABLE feedback (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            user_id text NOT NULL,
            said text NOT NULL,
            said_at timestamptz NOT NULL
        )
        """
    )
