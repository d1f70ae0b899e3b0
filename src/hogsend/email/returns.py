"""Mail that came back after it was sent, or was called spam."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries
from hogsend.email.model import MailStatus
from hogsend.email.store import suppress_address

SQL = load_queries(__package__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """What a provider says about a mail that it took earlier.

    Attributes:
        provider_id: The mail, as the provider knows it.
        complaint: Somebody called it spam; else it bounced.
        permanent: Nothing sent to the address will ever arrive.
    """

    provider_id: str
    complaint: bool
    permanent: bool
    detail: str


async def record_return(connection: Connection, returned: Return, now: datetime) -> bool:
    """Note a return; after a complaint or a permanent bounce the address gets no more mail.

    Recording one twice is recording it once.

    Returns:
        Whether there is such a mail.
    """
    status = MailStatus.COMPLAINED if returned.complaint else MailStatus.BOUNCED
    row = await connection.fetchrow(
        SQL.return_send, returned.provider_id, status, returned.detail, now
    )
    if row is not None and returned.permanent:
        await suppress_address(
            connection,
            row["user_id"],
            row["to_address"],
            reason=status,
            detail=returned.detail,
            now=now,
        )
    return row is not None
