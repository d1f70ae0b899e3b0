"""The app's journeys: those that it defines, and the reactions of its buckets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hogsend.buckets.definition import (
    ANY_BUCKET_EVENTS,
    BUCKET_DWELL,
    Bucket,
    Reaction,
    ReactionKind,
)
from hogsend.buckets.registry import Registry as BucketRegistry
from hogsend.journeys.context import JourneyContext, User
from hogsend.journeys.definition import ExitOn, Journey, JourneyFunction, JourneyMeta
from hogsend.journeys.registry import Registry


def register_journeys(journeys: Sequence[Journey], buckets: BucketRegistry) -> Registry:
    """Put all journeys together: a reaction is one that its bucket owns.

    Raises:
        DefinitionError: With every fault that shows only in all of them together.
    """
    transitions = {name for bucket in buckets.definitions for name in _transitions(bucket)}
    owned = [
        _owned(bucket, reaction) for bucket in buckets.definitions for reaction in bucket.reactions
    ]
    return Registry(
        [*journeys, *owned],
        transitions=transitions | ANY_BUCKET_EVENTS,
        is_live=lambda bucket_id: bucket_id in buckets.live_ids,
    )


def _transitions(bucket: Bucket) -> Iterator[str]:
    yield from (bucket.entered, bucket.left)
    for schedule in bucket.meta.dwells:
        yield _dwell(bucket, schedule.label)


def _dwell(bucket: Bucket, label: str | None) -> str:
    return f"{BUCKET_DWELL}:{bucket.id}:{label}"


def _owned(bucket: Bucket, reaction: Reaction) -> Journey:
    """A reaction as a journey; one to a join or a dwell ends with the stay."""
    triggers = {
        ReactionKind.ENTER: bucket.entered,
        ReactionKind.LEAVE: bucket.left,
        ReactionKind.DWELL: _dwell(bucket, reaction.label),
    }
    ends = () if reaction.kind is ReactionKind.LEAVE else (ExitOn(event=bucket.left),)
    meta = JourneyMeta(
        id=f"bucket-{bucket.id}-{reaction.suffix}",
        name=f"{bucket.meta.name}: {reaction.suffix.replace('-', ' ')}",
        trigger=triggers[reaction.kind],
        exit_on=ends,
        source_bucket_id=bucket.id,
    )
    return Journey(meta, _filtered(reaction))


def _filtered(reaction: Reaction) -> JourneyFunction:
    """The reaction's function, behind its filters; who is filtered out is on record."""

    async def react(user: User, ctx: JourneyContext) -> None:
        if reaction.first_entry_only and not ctx.is_first_entry:
            ctx.exit("not the first entry")
        if reaction.reasons is not None and ctx.reason not in reaction.reasons:
            ctx.exit(f"left for another reason: {ctx.reason}")
        await reaction.handler(user, ctx)

    return react
