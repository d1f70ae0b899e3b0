"""A PostgreSQL server of our own: no pid lists, no root, nothing to repair.

Three kinds of process take part. A *user* (API, worker, CLI) wants a database; it holds a
shared lock for as long as it lives. The *supervisor* (``supervisor``, whose docstring has
the states) runs the *server* for as long as there are users. Any of them may be killed at
any time; kernel locks tell the others.
"""

from __future__ import annotations

from hogsend.db.embedded.database import DatabaseHandle, ensure_database
from hogsend.db.embedded.server import EmbeddedPostgres

__all__ = ["DatabaseHandle", "EmbeddedPostgres", "ensure_database"]
