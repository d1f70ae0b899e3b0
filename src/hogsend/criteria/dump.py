"""Trees as JSON: one canonical form, the fingerprint's source."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    NotCondition,
    PropertyCondition,
)
from hogsend.criteria.limits import MAX_DEPTH
from hogsend.durations import duration_to_json
from hogsend.errors import DefinitionError


def dump(criteria: Criteria) -> dict[str, Any]:
    """The canonical JSON form of a tree: what ``parse`` reads back as an equal tree.

    Raises:
        DefinitionError: The tree is nested too deeply.
    """
    return _dump(criteria, 1)


def canonical_json(criteria: Criteria) -> str:
    """The one text of a tree: equal trees have equal texts, different trees different ones."""
    return json.dumps(dump(criteria), sort_keys=True, separators=(",", ":"), allow_nan=False)


def fingerprint(criteria: Criteria) -> str:
    """A digest of the canonical JSON, by which a change of criteria is noticed."""
    return hashlib.sha256(canonical_json(criteria).encode()).hexdigest()


def _dump(criteria: Criteria, depth: int) -> dict[str, Any]:
    if depth > MAX_DEPTH:
        raise DefinitionError([f"criteria: is nested deeper than {MAX_DEPTH} levels; flatten it"])
    match criteria:
        case PropertyCondition():
            return _dump_property(criteria)
        case EventCondition():
            return _dump_event(criteria)
        case CompositeCondition():
            conditions = [_dump(child, depth + 1) for child in criteria.conditions]
            return {
                "type": "composite",
                "operator": str(criteria.operator),
                "conditions": conditions,
            }
        case NotCondition():
            return {"type": "not", "condition": _dump(criteria.condition, depth + 1)}
        case _:
            raise DefinitionError([f"criteria: {criteria!r} is not a condition"])


def _dump_property(condition: PropertyCondition) -> dict[str, Any]:
    dumped = {
        "type": "property",
        "property": condition.property,
        "operator": str(condition.operator),
        "value": _dump_value(condition),
    }
    return {name: value for name, value in dumped.items() if value is not None}


def _dump_value(condition: PropertyCondition) -> Any:
    match condition.value:
        case timedelta() as duration:
            return duration_to_json(duration)
        case tuple() as values:
            return list(values)
        case value:
            return value


def _dump_event(condition: EventCondition) -> dict[str, Any]:
    within, where = condition.within, condition.where
    dumped = {
        "type": "event",
        "eventName": condition.event_name,
        "check": str(condition.check),
        "operator": condition.operator and str(condition.operator),
        "value": condition.value,
        "within": duration_to_json(within) if isinstance(within, timedelta) else within,
        "where": [_dump_property(each) for each in where] or None,
    }
    return {name: value for name, value in dumped.items() if value is not None}
