"""Why a contact matches, or does not: the verdict of each leaf, with the facts behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hogsend.criteria.ast import Criteria, EventCondition
from hogsend.criteria.describe import describe
from hogsend.criteria.evaluate import ALWAYS, NEVER, Evaluator, Facts, Verdict, evaluate
from hogsend.criteria.slots import Slot, slot_of
from hogsend.criteria.walk import Leaf, Place, leaves

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafExplanation:
    """One leaf of a tree, judged by itself.

    Attributes:
        path: Where it stands, as in the JSON form.
        text: The leaf in English.
        matches: It holds.
        observed: The property's value (None if missing), or the number of events that count.
        more: There may be more events than ``observed``; only so many were read.
        newest: When the newest event of an event leaf occurred, however long ago.
        since: From when the leaf has been as it is, where the facts tell.
        flips_at: When the clock changes ``matches`` if nothing happens; None is never.
    """

    path: str
    text: str
    matches: bool
    observed: Any
    more: bool = False
    newest: datetime | None = None
    since: datetime | None = None
    flips_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A tree's verdict and how it comes about.

    Attributes:
        text: The tree in English.
        verdict: Of the whole tree.
        leaves: Each by itself, in order. What is above a leaf (a not, an or) is not applied.
    """

    text: str
    verdict: Verdict
    leaves: tuple[LeafExplanation, ...]


def explain(criteria: Criteria, facts: Facts, now: datetime) -> Explanation:
    """Judge a valid tree and each of its leaves on one contact's facts at ``now``."""
    depths = {needed.slot: needed.depth for needed in Evaluator(criteria).slots}
    return Explanation(
        text=describe(criteria),
        verdict=evaluate(criteria, facts, now),
        leaves=tuple(_explain_leaf(place, facts, now, depths) for place in leaves(criteria)),
    )


def _explain_leaf(
    place: Place, facts: Facts, now: datetime, depths: dict[Slot, int]
) -> LeafExplanation:
    holds, flips_at, earliest, latest = Evaluator(place.leaf).state(facts, now)
    observed, more, newest = _observed(place.leaf, facts, now, depths)
    return LeafExplanation(
        path=place.path,
        text=describe(place.leaf),
        matches=holds,
        observed=observed,
        more=more,
        newest=newest,
        since=earliest if ALWAYS < earliest == latest else None,
        flips_at=flips_at if flips_at < NEVER else None,
    )


def _observed(
    leaf: Leaf, facts: Facts, now: datetime, depths: dict[Slot, int]
) -> tuple[Any, bool, datetime | None]:
    if not isinstance(leaf, EventCondition):
        return facts.properties.get(leaf.property), False, None
    slot = slot_of(leaf)
    times = facts.newest.get(slot, ())
    counted = sum(_is_inside(time, leaf, now) for time in times)
    more = counted == len(times) >= depths.get(slot, 0)
    return counted, more, times[0] if times else None


def _is_inside(time: datetime, leaf: EventCondition, now: datetime) -> bool:
    # The age cannot overflow, the end of the window can.
    return leaf.within is None or now - time < leaf.within
