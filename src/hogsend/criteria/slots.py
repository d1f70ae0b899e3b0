"""Slots: which events the leaves of a tree look at, and how many of the newest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hogsend.criteria.ast import (
    Check,
    CountOperator,
    Criteria,
    EventCondition,
    PropertyCondition,
)
from hogsend.criteria.walk import leaves

if TYPE_CHECKING:
    from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The events of one name whose properties pass ``where``."""

    event_name: str
    where: tuple[PropertyCondition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotDepth:
    """A slot and the facts that a tree needs of it.

    Attributes:
        slot: The events.
        depth: How many of the newest are needed.
        horizon: When set, events this old or older need not be read: they would be sought
            through a ``where`` that few may pass, and every leaf's window has lost them.
    """

    slot: Slot
    depth: int
    horizon: timedelta | None = None


def slot_of(condition: EventCondition) -> Slot:
    """The events that a leaf looks at."""
    return Slot(event_name=condition.event_name, where=condition.where)


def count_range(condition: EventCondition) -> tuple[int, int | None]:
    """``(low, high)`` such that the leaf holds exactly when ``low <= count < high``.

    ``high`` is None when no count is too large; at most 0, none is small enough.
    """
    match condition.check:
        case Check.EXISTS:
            return 1, None
        case Check.NOT_EXISTS:
            return 0, 1
        case Check.COUNT:
            return _compared_range(condition.operator, condition.value or 0)


def _compared_range(operator: CountOperator | None, value: int) -> tuple[int, int | None]:
    match operator:
        case CountOperator.GTE | None:
            return value, None
        case CountOperator.GT:
            return value + 1, None
        case CountOperator.LT:
            return 0, value
        case CountOperator.LTE:
            return 0, value + 1
        case CountOperator.EQ:
            return value, value + 1


def slot_depths(criteria: Criteria) -> tuple[SlotDepth, ...]:
    """The distinct slots of a tree in order of appearance, each as deep as needed."""
    found: dict[Slot, list[tuple[int, timedelta | None]]] = {}
    for place in leaves(criteria):
        if isinstance(place.leaf, EventCondition):
            low, high = count_range(place.leaf)
            if (depth := max(low, high or 0)) > 0:
                found.setdefault(slot_of(place.leaf), []).append((depth, place.leaf.within))
    return tuple(
        SlotDepth(
            slot=slot,
            depth=max(depth for depth, _ in needs),
            horizon=_horizon(slot, [within for _, within in needs]),
        )
        for slot, needs in found.items()
    )


def _horizon(slot: Slot, windows: list[timedelta | None]) -> timedelta | None:
    bounded = [window for window in windows if window is not None]
    if not slot.where or len(bounded) < len(windows):
        return None
    return max(bounded)
