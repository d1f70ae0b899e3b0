"""Tells endpoints of journeys that come to their end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hogsend.db.pool import Connection
from hogsend.instants import instant_to_json
from hogsend.integrations.outbox import append
from hogsend.integrations.webhooks.endpoints import Topic
from hogsend.integrations.webhooks.messages import Messages
from hogsend.journeys.model import Save, Status

_TOPICS: Final = {
    Status.COMPLETED: Topic.JOURNEY_COMPLETED,
    Status.FAILED: Topic.JOURNEY_FAILED,
}


class JourneyEnds:
    """Queues what endpoints ask to be told of journeys, where a run is saved for the last time."""

    def __init__(self, messages: Messages) -> None:
        self._messages = messages

    @property
    def wanted(self) -> bool:
        """Whether anybody asks for anything."""
        return self._messages.wanted

    async def note(self, connection: Connection, saves: Sequence[Save]) -> None:
        """Queue runs that completed or failed."""
        rows = [
            row
            for save in saves
            if (topic := _TOPICS.get(save.status)) is not None
            for row in self._messages.of_journey(topic, save.run.user_id, _data(save), save.now)
        ]
        if rows:
            await append(connection, rows, max(save.now for save in saves))


def _data(save: Save) -> dict[str, object]:
    run = save.run
    return {
        "journeyId": run.journey_id,
        "stateId": str(run.id),
        "userId": run.user_id,
        "email": run.contact.email,
        "startedAt": instant_to_json(run.created_at),
        "error": save.error,
    }
