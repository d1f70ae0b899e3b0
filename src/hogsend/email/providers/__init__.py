"""Who carries the mail: one protocol, and a module for each that speaks it."""

from __future__ import annotations

from typing import Protocol

from hogsend.email.model import Message


class Provider(Protocol):
    """Takes a rendered mail and carries it on."""

    @property
    def name(self) -> str:
        """What it is called on record."""
        ...

    async def send(self, message: Message) -> str:
        """Hand over ``message``; a second time with the same ``message.key`` sends nothing more.

        Returns:
            The provider's id of it.

        Raises:
            TransientMailError: It may be taken later.
            PermanentMailError: It never will.
        """
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...
