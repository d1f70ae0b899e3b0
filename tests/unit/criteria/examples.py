"""What each operator means, by example: for the tests of memory, SQL and mutations alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hogsend.criteria.ast import PropertyCondition, PropertyOperator


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING = _Missing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A property's value against a condition; ``found`` may be MISSING."""

    operator: PropertyOperator
    value: Any
    found: Any
    holds: bool

    @property
    def condition(self) -> PropertyCondition:
        """The condition, on a property named ``p``."""
        return PropertyCondition(property="p", operator=self.operator, value=self.value)

    @property
    def properties(self) -> dict[str, Any]:
        """The contact's properties."""
        return {} if self.found is MISSING else {"p": self.found}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockExample:
    """A date against the clock at ``now``; it flips at ``flips_at``, or never."""

    operator: PropertyOperator
    value: timedelta
    found: Any
    now: datetime
    holds: bool
    flips_at: datetime | None

    condition = Example.condition
    properties = Example.properties


_BIG = 2**53
_NOTHING = (MISSING, None)
_YES_NO: dict[str, list[tuple[Any, list[Any], list[Any]]]] = {
    "eq": [
        ("pro", ["pro"], ["Pro", "pro ", "", 1, True, ["pro"], {"pro": 1}, *_NOTHING]),
        ("5", ["5"], [5, 5.0]),
        (5, [5, 5.0], ["5", True, [5], 6, *_NOTHING]),
        (1, [1, 1.0], [True, "1"]),
        (True, [True], [False, 1, "true", *_NOTHING]),
        (False, [False], [True, 0, "", *_NOTHING]),
        (0, [0, 0.0, -0.0], [False, None]),
        ("é", ["é"], ["e\u0301", "e"]),
        (_BIG + 1, [_BIG + 1], [_BIG, _BIG + 2, float(_BIG)]),
        (10**23, [10**23, 1e23], [10**23 + 1]),
        (0.1 + 0.2, [0.30000000000000004], [0.3]),
    ],
    "neq": [
        ("pro", ["Pro", "", 1, True, ["pro"], *_NOTHING], ["pro"]),
        (1, [True, "1", 2, *_NOTHING], [1, 1.0]),
    ],
    "gt": [
        (5, [6, 5.5, 1e300, 10**300], [5, 5.0, 4, "6", True, [6], *_NOTHING]),
        (-1, [0, -0.5], [-1, True, False]),
        (float(_BIG), [_BIG + 1], [_BIG]),
        (1e23, [10**23 + 1], [1e23, 10**23, 10**23 - 1]),
    ],
    "gte": [
        (5, [5, 5.0, 6], [4.999, 4, "5", "6", True, {"a": 9}, *_NOTHING]),
        (1e23, [10**23], [10**23 - 1]),
    ],
    "lt": [
        (5, [4, 4.999, -(10**300)], [5, 5.0, 6, "4", False, [], *_NOTHING]),
        (1e23, [10**23 - 1], [10**23]),
    ],
    "lte": [
        (5, [5, 5.0, 4], [5.001, 6, "5", False, *_NOTHING]),
    ],
    "exists": [
        (None, ["", 0, False, [], {}, "null"], list(_NOTHING)),
    ],
    "not_exists": [
        (None, list(_NOTHING), ["", 0, False, [], {}, "null"]),
    ],
    "contains": [
        ("b", ["b", "abc", ["b"], ["a", "b"]], ["B", ["abc"], [["b"]], {"b": 1}, 5, *_NOTHING]),
        ("%", ["100%"], ["100", ""]),
        ("a_c", ["xa_cx"], ["abc"]),
        ("", ["", "a", [""]], [[], *_NOTHING]),
        (5, [[5], [5.0, "x"]], ["5", 5, ["5"], [[5]], [], *_NOTHING]),
        (1, [[1]], [[True]]),
        (True, [[True]], [[1], "true", True]),
    ],
    "in": [
        (("a", 1), ["a", 1, 1.0], ["b", "A", True, "1", ["a"], *_NOTHING]),
        ((True, "x"), [True, "x"], [1, "true", None]),
    ],
    "not_in": [
        (("a", 1), ["b", "A", True, "1", ["a"], *_NOTHING], ["a", 1, 1.0]),
    ],
    "starts_with": [
        ("ab", ["ab", "abc"], ["Abc", "a", "", "xab", ["ab"], 5, *_NOTHING]),
        ("%_", ["%_x"], ["abc"]),
        ("", ["", "a"], [5, *_NOTHING]),
    ],
    "ends_with": [
        ("@x.com", ["a@x.com", "@x.com"], ["a@X.com", "x.com", "a@x.com ", ["@x.com"], *_NOTHING]),
        ("😀", ["a😀"], ["😀a", "a"]),
        ("\\", ["a\\"], ["a"]),
        ("", ["", "a"], [5, *_NOTHING]),
    ],
    "before": [
        (
            "2026-01-31T12:00:00Z",
            ["2026-01-31T11:59:59.999999Z", "2026-01-31", "2026-01-31 13:59+02", "0001-01-01"],
            [
                "2026-01-31T12:00:00Z",
                "2026-01-31T07:00:00-05:00",
                "2026-02-01",
                "2026-01-31T11:00:00",
                "2025-02-29",
                "yesterday",
                "",
                1,
                ["2026-01-01"],
                *_NOTHING,
            ],
        ),
    ],
    "after": [
        (
            "2026-01-31",
            ["2026-01-31T00:00:00.000001Z", "2026-01-31T01:30+0100", "9999-12-31T23:59:59-12"],
            ["2026-01-31", "2026-01-31T00:00Z", "2026-01-30", "0000-12-31", "infinity", *_NOTHING],
        ),
    ],
}


def examples() -> list[Example]:
    """Examples of the operators that do not look at the clock."""
    return [
        Example(operator=PropertyOperator(name), value=value, found=found, holds=holds)
        for name, rows in _YES_NO.items()
        for value, yes, no in rows
        for holds, all_found in ((True, yes), (False, no))
        for found in all_found
    ]


_DATE = datetime(2026, 1, 31, 12, tzinfo=UTC)
_DAY = timedelta(days=1)
_TICK = timedelta(microseconds=1)
_FORMS = ("2026-01-31T12:00:00Z", "2026-01-31 13:00+01", "2026-01-31T12:00:00.0000009Z")
_NO_DATES = (*_NOTHING, "soon", 1769860800, "2026-01-31T12:00:00", "2026-02-30", ["2026-01-31"])

# Per operator: instants, whether it holds there, and when it flips next.
_TIMELINES: dict[str, list[tuple[datetime, bool, datetime | None]]] = {
    "within_next": [
        (_DATE - 3 * _DAY, False, _DATE - _DAY),
        (_DATE - _DAY - _TICK, False, _DATE - _DAY),
        (_DATE - _DAY, True, _DATE),
        (_DATE - _TICK, True, _DATE),
        (_DATE, False, None),
        (_DATE + 3 * _DAY, False, None),
    ],
    "within_last": [
        (_DATE - _TICK, False, _DATE),
        (_DATE, True, _DATE + _DAY),
        (_DATE + _DAY - _TICK, True, _DATE + _DAY),
        (_DATE + _DAY, False, None),
    ],
    "older_than": [
        (_DATE, False, _DATE + _DAY),
        (_DATE + _DAY - _TICK, False, _DATE + _DAY),
        (_DATE + _DAY, True, None),
        (_DATE + 9 * _DAY, True, None),
    ],
}


def clock_examples() -> list[ClockExample]:
    """Examples of the operators that compare a date with the clock, by one day."""
    return [
        *(
            _clock_example(name, found, *point)
            for name, timeline in _TIMELINES.items()
            for found in _FORMS
            for point in timeline
        ),
        *(
            _clock_example(name, found, _DATE + shift, holds=False, flips_at=None)
            for name in _TIMELINES
            for found in _NO_DATES
            for shift in (-_DAY / 2, _DAY / 2, 2 * _DAY)
        ),
        *_extremes(),
    ]


def _clock_example(
    name: str, found: Any, now: datetime, holds: bool, flips_at: datetime | None
) -> ClockExample:
    return ClockExample(
        operator=PropertyOperator(name),
        value=_DAY,
        found=found,
        now=now,
        holds=holds,
        flips_at=flips_at,
    )


def _extremes() -> list[ClockExample]:
    """At the ends of time, instants that cannot be told are never, or always."""
    last, first = "9999-12-31T12:00:00Z", "0001-01-01T12:00:00Z"
    end, start = datetime(9999, 12, 31, 12, tzinfo=UTC), datetime(1, 1, 1, 12, tzinfo=UTC)
    return [
        _clock_example("within_last", last, end, True, None),
        _clock_example("older_than", last, end, False, None),
        _clock_example("within_next", first, start - _TICK, True, start),
    ]
