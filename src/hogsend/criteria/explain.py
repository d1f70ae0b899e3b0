"""Why a contact matches, or does not: the verdict of each leaf, with the facts behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hogsend.criteria.ast import Criteria
from hogsend.criteria.because import because
from hogsend.criteria.describe import describe
from hogsend.criteria.evaluate import ALWAYS, NEVER, Evaluator, Facts, Verdict, evaluate
from hogsend.criteria.observe import describe_fact, observe
from hogsend.criteria.slots import Slot
from hogsend.criteria.walk import Place, leaves

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
        fact: What was observed, in English.
        since: From when the leaf has been as it is, where the facts tell.
        flips_at: When the clock changes ``matches`` if nothing happens; None is never.
    """

    path: str
    text: str
    matches: bool
    observed: Any
    fact: str
    more: bool = False
    newest: datetime | None = None
    since: datetime | None = None
    flips_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A tree's verdict and how it comes about.

    Attributes:
        text: The tree in English.
        reason: Why it matches or does not, in English: what was found at the deciding leaves.
        verdict: Of the whole tree.
        leaves: Each by itself, in order. What is above a leaf (a not, an or) is not applied.
    """

    text: str
    reason: str
    verdict: Verdict
    leaves: tuple[LeafExplanation, ...]


def explain(criteria: Criteria, facts: Facts, now: datetime) -> Explanation:
    """Judge a valid tree and each of its leaves on one contact's facts at ``now``."""
    depths = {needed.slot: needed.depth for needed in Evaluator(criteria).slots}
    judged = tuple(_explain_leaf(place, facts, now, depths) for place in leaves(criteria))
    return Explanation(
        text=describe(criteria),
        reason=because(criteria, {leaf.path: leaf for leaf in judged}),
        verdict=evaluate(criteria, facts, now),
        leaves=judged,
    )


def _explain_leaf(
    place: Place, facts: Facts, now: datetime, depths: dict[Slot, int]
) -> LeafExplanation:
    holds, flips_at, earliest, latest = Evaluator(place.leaf).state(facts, now)
    seen = observe(place.leaf, facts, now, depths)
    return LeafExplanation(
        path=place.path,
        text=describe(place.leaf),
        matches=holds,
        observed=seen.value,
        more=seen.more,
        newest=seen.newest,
        fact=describe_fact(place.leaf, seen, now),
        since=earliest if ALWAYS < earliest == latest else None,
        flips_at=flips_at if flips_at < NEVER else None,
    )
