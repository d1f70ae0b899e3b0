"""The outbox as a subscriber of the ingest transaction: what happens is queued where it happens."""

from __future__ import annotations

from hogsend.events.subscriber import Transaction
from hogsend.integrations.outbox import append, erase_user
from hogsend.integrations.posthog.sync import PostHogSync
from hogsend.integrations.webhooks.endpoints import SQL
from hogsend.integrations.webhooks.messages import Messages


class OutboxSubscriber:
    """Queues what a transaction brings about; behind all others, so that it sees all of it.

    At most one statement per transaction; none if nothing happened that anybody is told.
    """

    def __init__(self, posthog: PostHogSync, messages: Messages) -> None:
        self._posthog = posthog
        self._messages = messages

    async def process(self, transaction: Transaction) -> None:
        """Queue joins and leaves, and what endpoints ask to be told of."""
        rows = self._posthog.rows(transaction.moves) if transaction.moves else []
        if self._messages.wanted:
            rows += self._messages.of_changes(transaction.changes)
        if rows:
            await append(transaction.connection, rows, transaction.now)

    async def forget(self, transaction: Transaction, user_id: str, *, erase: bool) -> None:
        """Tell that memberships ended; of somebody who is erased, nothing more."""
        if erase:
            await erase_user(transaction.connection, user_id)
            await transaction.connection.execute(SQL.erase_attempts, user_id)
        else:
            await self._posthog.deleted(transaction, user_id)
