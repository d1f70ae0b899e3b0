"""The app's journeys: those that it defines, and the reactions of its buckets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hogsend.buckets.definition import ANY_BUCKET_EVENTS, BUCKET_DWELL, Bucket
from hogsend.buckets.registry import Registry as BucketRegistry
from hogsend.journeys.definition import Journey
from hogsend.journeys.registry import Registry


def register_journeys(journeys: Sequence[Journey], buckets: BucketRegistry) -> Registry:
    """Put all journeys together.

    Raises:
        DefinitionError: With every fault that shows only in all of them together.
    """
    transitions = {name for bucket in buckets.definitions for name in _transitions(bucket)}
    return Registry(
        journeys,
        transitions=transitions | ANY_BUCKET_EVENTS,
        is_live=lambda bucket_id: bucket_id in buckets.live_ids,
    )


def _transitions(bucket: Bucket) -> Iterator[str]:
    yield from (bucket.entered, bucket.left)
    for schedule in bucket.meta.dwells:
        yield f"{BUCKET_DWELL}:{bucket.id}:{schedule.label}"
