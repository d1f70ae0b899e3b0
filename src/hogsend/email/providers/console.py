"""The mailbox: mail stays on record, to be read with ``hogsend mail`` and in Studio."""

from __future__ import annotations

import structlog

from hogsend.email.model import Message

_log = structlog.get_logger(__name__)


class Console:
    """Carries nothing anywhere; says in the log where to read it, unless it is ``quiet``."""

    name = "console"

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    async def send(self, message: Message) -> str:
        """Leave ``message`` where it is stored."""
        if not self._quiet:
            _log.info(
                "mail.kept",
                to=message.to,
                subject=message.content.subject,
                read=f"hogsend mail show {message.id}",
            )
        return str(message.id)

    async def close(self) -> None:
        """There is nothing to give up."""
