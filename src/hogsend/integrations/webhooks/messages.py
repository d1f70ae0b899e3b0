"""What endpoints are told: transitions and dwells as they are announced, and ends of journeys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from hogsend.events.model import Change
from hogsend.instants import instant_to_json
from hogsend.integrations.outbox import Row
from hogsend.integrations.webhooks.endpoints import Directory, Topic

_TRANSITIONS: Final = {
    "bucket:entered": Topic.BUCKET_ENTERED,
    "bucket:left": Topic.BUCKET_LEFT,
}
_DWELL: Final = "bucket:dwell:"


class Messages:
    """Makes rows for those who ask to be told."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    @property
    def wanted(self) -> bool:
        """Whether anybody asks for anything."""
        return self._directory.anybody

    def of_changes(self, changes: Sequence[Change]) -> list[Row]:
        """One row for each announced transition or dwell and each endpoint that asks for it."""
        return [row for change in changes for row in self._of_change(change)]

    def of_journey(
        self, topic: Topic, user_id: str, data: Mapping[str, Any], at: datetime
    ) -> Iterator[Row]:
        """One row for each endpoint that asks for it."""
        return self._rows(topic, user_id, data, at)

    def _of_change(self, change: Change) -> Iterator[Row]:
        event = change.event
        if event is None or not event.name.startswith("bucket:"):
            return
        topic = _TRANSITIONS.get(event.name)
        if topic is None and event.name.startswith(_DWELL):
            topic = Topic.BUCKET_DWELL
        if topic is not None:
            data = {**event.properties, "email": change.contact.email, "eventId": str(event.id)}
            yield from self._rows(topic, event.user_id, data, event.occurred_at)

    def _rows(
        self, topic: Topic, user_id: str, data: Mapping[str, Any], at: datetime
    ) -> Iterator[Row]:
        for destination in self._directory.asking(topic):
            yield Row(
                user_id=user_id,
                destination=destination,
                topic=topic,
                payload=message(topic, data, at),
            )


def message(topic: str, data: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The body of a webhook, as Standard Webhooks recommends it."""
    return {"type": topic, "timestamp": instant_to_json(at), "data": dict(data)}
