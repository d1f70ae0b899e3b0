"""Real-time, code-defined user groups on nothing but PostgreSQL.

The public names; each is imported when it is first used, so that ``hogsend --help`` need not
import the engine.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from hogsend.app.client import Client, create_client
    from hogsend.app.worker import Worker, create_worker
    from hogsend.asgi import create_app
    from hogsend.buckets.definition import BUCKET_ENTERED, BUCKET_LEFT, Bucket, define_bucket
    from hogsend.durations import days, hours, minutes, seconds
    from hogsend.email.model import Mail, SentMail
    from hogsend.email.sending import send_email
    from hogsend.errors import HogsendError
    from hogsend.integrations.sources.definition import (
        Ignored,
        WebhookRequest,
        WebhookSource,
        define_webhook_source,
    )
    from hogsend.integrations.sources.posthog import posthog_source
    from hogsend.integrations.sources.segment import segment_source
    from hogsend.integrations.sources.stripe import stripe_source
    from hogsend.journeys.context import JourneyContext, User
    from hogsend.journeys.definition import Journey, define_journey
    from hogsend.journeys.errors import StepError
    from hogsend.journeys.reactions import DwellContext, EnterContext, LeaveContext

__all__ = [
    "BUCKET_ENTERED",
    "BUCKET_LEFT",
    "Bucket",
    "Client",
    "DwellContext",
    "EnterContext",
    "HogsendError",
    "Ignored",
    "Journey",
    "JourneyContext",
    "LeaveContext",
    "Mail",
    "SentMail",
    "StepError",
    "User",
    "WebhookRequest",
    "WebhookSource",
    "Worker",
    "create_app",
    "create_client",
    "create_worker",
    "days",
    "define_bucket",
    "define_journey",
    "define_webhook_source",
    "hours",
    "minutes",
    "posthog_source",
    "seconds",
    "segment_source",
    "send_email",
    "stripe_source",
]

_HOMES: Final = {
    "Ignored": "hogsend.integrations.sources.definition",
    "WebhookRequest": "hogsend.integrations.sources.definition",
    "WebhookSource": "hogsend.integrations.sources.definition",
    "define_webhook_source": "hogsend.integrations.sources.definition",
    "posthog_source": "hogsend.integrations.sources.posthog",
    "segment_source": "hogsend.integrations.sources.segment",
    "stripe_source": "hogsend.integrations.sources.stripe",
    "BUCKET_ENTERED": "hogsend.buckets.definition",
    "BUCKET_LEFT": "hogsend.buckets.definition",
    "Bucket": "hogsend.buckets.definition",
    "Client": "hogsend.app.client",
    "DwellContext": "hogsend.journeys.reactions",
    "EnterContext": "hogsend.journeys.reactions",
    "HogsendError": "hogsend.errors",
    "Mail": "hogsend.email.model",
    "SentMail": "hogsend.email.model",
    "Journey": "hogsend.journeys.definition",
    "JourneyContext": "hogsend.journeys.context",
    "LeaveContext": "hogsend.journeys.reactions",
    "StepError": "hogsend.journeys.errors",
    "User": "hogsend.journeys.context",
    "Worker": "hogsend.app.worker",
    "create_app": "hogsend.asgi",
    "create_client": "hogsend.app.client",
    "create_worker": "hogsend.app.worker",
    "days": "hogsend.durations",
    "define_bucket": "hogsend.buckets.definition",
    "define_journey": "hogsend.journeys.definition",
    "hours": "hogsend.durations",
    "minutes": "hogsend.durations",
    "seconds": "hogsend.durations",
    "send_email": "hogsend.email.sending",
}


def __getattr__(name: str) -> Any:
    """Import a public name on first use."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'hogsend' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
