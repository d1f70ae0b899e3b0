"""What mail does when contacts change: nothing, until one is erased."""

from __future__ import annotations

from hogsend.email.store import erase_mail
from hogsend.events.subscriber import Transaction


class EmailSubscriber:
    """Erases a user's mail with the user."""

    async def process(self, transaction: Transaction) -> None:
        """Mail is sent by journeys, not by changes."""

    async def forget(self, transaction: Transaction, user_id: str, *, erase: bool) -> None:
        """With ``erase``, remove mail, preferences and suppressions."""
        if erase:
            await erase_mail(transaction.connection, user_id)
