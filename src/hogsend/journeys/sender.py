"""Mail from a run: a durable call, known to the mailer and the provider by run and call."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

import msgspec

from hogsend.email.errors import MailInProgressError
from hogsend.email.mailer import CLAIM
from hogsend.email.model import Mail, SentMail
from hogsend.journeys.context import Services
from hogsend.journeys.definition import JourneyMeta
from hogsend.journeys.replay import Replay

_PATIENCE_S: Final = int(CLAIM.total_seconds())


class RunSender:
    """Sends the mails of one pass of a run."""

    def __init__(self, replay: Replay, meta: JourneyMeta, services: Services) -> None:
        self._replay = replay
        self._meta = meta
        self._services = services

    @property
    def user_id(self) -> str:
        """Whom a mail goes to that names nobody."""
        return self._replay.run.user_id

    async def send(self, mail: Mail) -> SentMail:
        """Send ``mail`` once, however often the run is replayed.

        Raises:
            StepError: It could not be sent; if the journey does not catch it, it is tried again
                with the same key.
        """

        async def act(call: str) -> Any:
            key = f"journey:{self._replay.run.id}:{call}"
            return msgspec.to_builtins(
                await self._send(
                    replace(mail, journey_id=self._meta.id, gap=self._meta.suppress), key
                )
            )

        recorded = await self._replay.effect(f"send_email:{mail.template}", act)
        return msgspec.convert(recorded, SentMail)

    async def _send(self, mail: Mail, key: str) -> SentMail:
        """Send; where a worker died over this very mail, wait until its claim has run out."""
        for _ in range(_PATIENCE_S):
            try:
                return await self._services.mailer.send(
                    mail, key=key, now=self._services.clock.now()
                )
            except MailInProgressError as error:
                await asyncio.sleep(min(error.retry_after or 1.0, 1.0))
        return await self._services.mailer.send(mail, key=key, now=self._services.clock.now())
