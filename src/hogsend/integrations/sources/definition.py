"""What a webhook source is: how its requests are verified, and what becomes of its payloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from hogsend.declarations import id_faults
from hogsend.errors import DefinitionError, InvalidInputError
from hogsend.events.model import Write
from hogsend.events.parse import parse_contact, parse_event


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A request as it came.

    Attributes:
        headers: By lower-case name.
        body: The bytes that a signature is about.
        received_at: When it came.
    """

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A payload that is understood and stands for nothing here."""

    reason: str


Item: TypeAlias = "Mapping[str, Any]"
"""An event as for ``POST /v1/events``, or, without a ``name``, a contact as for
``PUT /v1/contacts``."""

Verify: TypeAlias = "Callable[[WebhookRequest], bool]"
Transform: TypeAlias = "Callable[[Any], Item | Sequence[Item] | Ignored]"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSource:
    """A source; made by ``define_webhook_source``, received at ``/v1/webhooks/<id>``."""

    id: str
    verify: Verify
    transform: Transform

    def read(self, payload: Any, now: datetime) -> list[Write] | Ignored:
        """What a verified payload asks for.

        Raises:
            InvalidInputError: It is not one of this source's, or asks for what cannot be stored.
        """
        try:
            found = self.transform(payload)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            message = f"is not one of {self.id}'s: {type(error).__name__}: {error}"[:300]
            raise InvalidInputError("payload", message) from error
        if isinstance(found, Ignored):
            return found
        items = [found] if isinstance(found, Mapping) else found
        return [parse_event(i, now) if "name" in i else parse_contact(i) for i in items]


def define_webhook_source(id: str, *, verify: Verify, transform: Transform) -> WebhookSource:  # noqa: A002
    """Take webhooks of somebody's at ``POST /v1/webhooks/<id>``.

    Args:
        id: Lower-case letters, digits and hyphens.
        verify: Whether a ``WebhookRequest`` is theirs; compare signatures with
            ``hmac.compare_digest``. What it refuses leaves no trace.
        transform: From the decoded payload to what is to be stored: one item or several, shaped as
            for ``POST /v1/events`` (or, without a name, for ``PUT /v1/contacts``), or
            ``Ignored(reason=...)``. Give events the sender's id as ``idempotencyKey``, and a
            webhook that comes again does nothing. A ``KeyError``, ``TypeError`` or ``ValueError``
            says that the payload is none of theirs.

    Raises:
        DefinitionError: The id cannot be used.
    """
    if faults := id_faults("webhook source", id, "billing"):
        raise DefinitionError(faults)
    return WebhookSource(id=id, verify=verify, transform=transform)


def source_faults(sources: Sequence[WebhookSource]) -> list[str]:
    """One fault for each id that several sources carry."""
    ids = [source.id for source in sources]
    return [
        f"webhook source {id_!r} is defined {ids.count(id_)} times; give one another id"
        for id_ in sorted({id_ for id_ in ids if ids.count(id_) > 1})
    ]
