"""What a deploy has to do about a bucket: the code's definition against the database's.

Pure: it says which job is needed, if any. ``BucketControl`` asks, under the lock of the bucket's
row in ``bucket_configs``.
"""

from __future__ import annotations

import json
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hogsend.buckets.definition import BucketMeta
from hogsend.durations import duration_to_json


class JobKind(StrEnum):
    """A bucket's first walk over all contacts, or a later one."""

    BACKFILL = "backfill"
    REEVALUATE = "reevaluate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database knows of a bucket.

    Attributes:
        fingerprint: Of the criteria that its memberships follow; None if it is new.
        criteria: Those, in English; None if an older version noted them.
        schedule: The limits and schedules that they follow (``schedule_text``).
        enabled: What operators decided; None follows the code.
        paused: It was not evaluated for a while.
        retired: It was in no running process's code for a while.
        generation: Counts the times after which no older timer could be believed.
        seen_at: When a running process last had it in its code.
        built: A job was done once.
        job_status: Of the live job; None if there is none.
        job_mark: Of the live job, the generation that timers must bear; None if all are believed.
    """

    bucket_id: str
    name: str = ""
    fingerprint: str | None = None
    criteria: str | None = None
    schedule: str | None = None
    enabled: bool | None = None
    paused: bool = False
    retired: bool = False
    generation: int = 0
    seen_at: datetime | None = None
    built: bool = False
    job_status: str | None = None
    job_mark: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A job that is needed.

    Attributes:
        generation: The bucket's from now on.
        mark: The generation that timers must bear to be believed while it runs; None: all are.
    """

    bucket_id: str
    kind: JobKind
    fingerprint: str
    generation: int
    mark: int | None


def is_enabled(meta: BucketMeta, override: bool | None, chosen: AbstractSet[str] | None) -> bool:  # noqa: FBT001
    """Whether a bucket is to be evaluated.

    Args:
        meta: What the code says.
        override: What operators decided; None follows the code.
        chosen: The ids that ``ENABLED_BUCKETS`` names; None is all.
    """
    if chosen is not None and meta.id not in chosen:
        return False
    return meta.enabled if override is None else override


def need_of(known: Known, *, fingerprint: str, schedule: str) -> Need | None:
    """The job that a bucket needs which is to be evaluated from now on; None if it needs none."""
    if known.paused or known.retired or known.fingerprint != fingerprint:
        return rebuild(known, fingerprint)
    if known.schedule == schedule:
        return None
    return reevaluate(known)


def rebuild(known: Known, fingerprint: str) -> Need:
    """Look at everybody anew; timers that are armed already tell nothing."""
    generation = known.generation + 1
    return Need(
        bucket_id=known.bucket_id,
        kind=_kind(known),
        fingerprint=fingerprint,
        generation=generation,
        mark=generation,
    )


def reevaluate(known: Known) -> Need:
    """Look at everybody again under the same criteria: what is under way stays so."""
    return Need(
        bucket_id=known.bucket_id,
        kind=_kind(known),
        fingerprint=known.fingerprint or "",
        generation=known.generation,
        mark=known.job_mark,
    )


def schedule_text(meta: BucketMeta) -> str:
    """The one text of what decides, besides the criteria, when stays begin, end and dwell."""
    schedule = {
        "entryLimit": str(meta.entry_limit),
        "entryPeriod": _json(meta.entry_period),
        "minDwell": _json(meta.min_dwell),
        "maxDwell": _json(meta.max_dwell),
        "dwells": {
            each.label: {"after": _json(each.after), "every": _json(each.every)}
            for each in meta.dwells
        },
    }
    return json.dumps(schedule, sort_keys=True, separators=(",", ":"))


def _json(duration: timedelta | None) -> dict[str, int | float] | None:
    return None if duration is None else duration_to_json(duration)


def _kind(known: Known) -> JobKind:
    return JobKind.REEVALUATE if known.built else JobKind.BACKFILL
