"""Random trees, histories and clocks, drawn from small pools so that things coincide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from tests.property.oracle import Event

from hogsend.criteria.ast import (
    Check,
    CompositeCondition,
    CountOperator,
    Criteria,
    EventCondition,
    Logic,
    NotCondition,
    PropertyCondition,
    PropertyOperator,
)
from hogsend.criteria.operators import OPERATORS, ClockOperator, Takes

BASE = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # a night in which Europe's clocks change
MICROSECOND = timedelta(microseconds=1)

SOAK = 20_000


def examples(number: int) -> settings:
    """Settings for a property of whole trees, which are large and slow to draw."""
    unhurried = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=number, deadline=None, suppress_health_check=unhurried)


EVENT_NAMES = ("a", "b", "ünï 😀", "x'); drop table contacts; --")
PROPERTY_NAMES = ("p", "q", "a.b", 'naïve"; --')

_texts = st.sampled_from(
    ["", "a", "ab", "A", "ba", "é", "e\u0301", "%", "a_", "5", "1.0", "true", "\\", "😀a", "$1"]
) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
_numbers = (
    st.sampled_from([0, 1, 1.0, -0.0, 0.1, 5, 5.5, 2**53, 2**53 + 1, 9007199254740993.0])
    | st.sampled_from([10**23, 1e23, 1e300, 10**300, -(10**30), 1e-300, 0.1 + 0.2, 0.3])
    | st.integers(-3, 8)
)
_scalars = st.booleans() | _numbers | _texts

_NUDGES = (0, 0, 0, -1, 1)


def _instant(number: int) -> datetime:
    minutes, nudge = divmod(number, len(_NUDGES))
    return BASE + timedelta(minutes=minutes, microseconds=_NUDGES[nudge])


instants = st.integers(0, 25 * len(_NUDGES)).map(_instant)
WINDOWS = (
    timedelta(minutes=4),
    timedelta(minutes=10),
    timedelta(minutes=10, microseconds=1),
    timedelta(minutes=20),
    timedelta(minutes=20),
    timedelta(hours=26),
    timedelta(microseconds=1),
    timedelta(days=36_525),
)
durations = st.sampled_from(WINDOWS)


def _written(instant: datetime, form: int) -> str:
    local = instant.astimezone(UTC)
    match form:
        case 0:
            return local.isoformat()
        case 1:
            return local.isoformat().replace("+00:00", "Z")
        case 2:
            ahead = local + timedelta(hours=5, minutes=30)
            return ahead.replace(tzinfo=None).isoformat(" ") + "+0530"
        case 3:
            behind = local - timedelta(hours=11)
            return behind.replace(tzinfo=None).isoformat(timespec="microseconds") + "789-11"
        case _:
            return local.date().isoformat()


dates = st.builds(_written, instants, st.integers(0, 4)) | st.sampled_from(
    [
        "0001-01-01",
        "0001-01-01T00:00+15:59",
        "9999-12-31T23:59:59.999999Z",
        "9999-12-31T23:59:59-15:59",
        "2024-02-29",
        "2000-02-29T23:59Z",
    ]
)
_near_dates = st.sampled_from(
    [
        "2026-03-28T23:30:00",
        "2025-02-29",
        "1900-02-29",
        "0000-01-01",
        "2026-04-31T00:00Z",
        "2026-03-28T24:00:00Z",
        "2026-03-28T23:59:60Z",
        "2026-03-28T23:30:00+16:00",
        "2026-03-28T23:30:00Z\n",
        " 2026-03-28",
        "20260328",
        "2026-W13-6",
        "infinity",
        "now",
        "epoch",
        "٢٠٢٦-03-28",
    ]
)
_values = (
    st.none()
    | _scalars
    | dates
    | _near_dates
    | st.lists(_scalars | st.none() | st.just([1]), max_size=3)
    | st.dictionaries(st.sampled_from(["a", "1"]), _scalars, max_size=2)
)
properties = st.fixed_dictionaries(
    {},
    optional={
        "p": st.booleans().flatmap(lambda is_date: dates if is_date else _values),
        **dict.fromkeys(PROPERTY_NAMES[1:], _values),
    },
)

_VALUES_OF = {
    Takes.NOTHING: st.none(),
    Takes.SCALAR: _scalars,
    Takes.NUMBER: _numbers,
    Takes.TEXT: _texts,
    Takes.VALUES: st.lists(_scalars, min_size=1, max_size=3).map(tuple),
    Takes.DATE: dates,
    Takes.DURATION: durations,
}


def _property_condition(
    operator: PropertyOperator, names: tuple[str, ...] = PROPERTY_NAMES
) -> st.SearchStrategy[PropertyCondition]:
    return st.builds(
        PropertyCondition,
        property=st.sampled_from(names),
        operator=st.just(operator),
        value=_VALUES_OF[OPERATORS[operator].takes],
    )


property_conditions = st.sampled_from(list(PropertyOperator)).flatmap(_property_condition)
clock_conditions = st.sampled_from(
    [name for name, operator in OPERATORS.items() if isinstance(operator, ClockOperator)]
).flatmap(lambda operator: _property_condition(operator, ("p",)))
filters = st.sampled_from(
    [name for name, operator in OPERATORS.items() if not isinstance(operator, ClockOperator)]
).flatmap(_property_condition)


@st.composite
def event_conditions(draw: st.DrawFn, *, lively: bool = False) -> EventCondition:
    check = draw(st.sampled_from([*Check, Check.COUNT]))
    counts = check is Check.COUNT
    filtered = not lively and draw(st.booleans())
    return EventCondition(
        event_name="a" if lively else draw(st.sampled_from(EVENT_NAMES)),
        check=check,
        operator=draw(st.sampled_from(CountOperator)) if counts else None,
        value=draw(st.integers(0, 4)) if counts else None,
        within=draw(st.sampled_from([None, *WINDOWS])),
        where=draw(st.lists(filters, max_size=2).map(tuple)) if filtered else (),
    )


@st.composite
def _leaves(draw: st.DrawFn, *, lively: bool) -> Criteria:
    if draw(st.integers(0, 9)) < (8 if lively else 6):
        return draw(event_conditions(lively=lively))
    return draw(clock_conditions if lively else property_conditions)


@st.composite
def _branches(draw: st.DrawFn, depth: int, *, lively: bool) -> Criteria:
    kinds = ["and", "or", "and", "or", "not", "leaf"]
    match draw(st.sampled_from(kinds)) if depth > 1 else "leaf":
        case "and" | "or" as logic:
            children = st.lists(_branches(depth - 1, lively=lively), min_size=1, max_size=3)
            return CompositeCondition(operator=Logic(logic), conditions=tuple(draw(children)))
        case "not":
            return NotCondition(condition=draw(_branches(depth - 1, lively=lively)))
        case _:
            return draw(_leaves(lively=lively))


@st.composite
def trees(draw: st.DrawFn, depth: int = 4, *, lively: bool | None = None) -> Criteria:
    """Trees of at most ``depth`` levels; half of them *lively*, which the clock often moves."""
    if lively is None:
        lively = draw(st.booleans())
    return draw(_branches(depth, lively=lively))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A contact's data, and an instant at which to judge them."""

    properties: dict[str, Any]
    history: list[Event]
    now: datetime

    @property
    def happened(self) -> list[Event]:
        """The events up to the instant."""
        return [event for event in self.history if event.at <= self.now]


_USUAL_NAMES = ("a", "a", "a", "a", *EVENT_NAMES)


def _event(pool: list[dict[str, Any]], number: int) -> Event:
    number, name = divmod(number, len(_USUAL_NAMES))
    number, chosen = divmod(number, len(pool))
    return Event(name=_USUAL_NAMES[name], at=_instant(number), properties=pool[chosen])


@st.composite
def batches(draw: st.DrawFn, size: int = 4) -> list[Case]:
    """A few cases, whose properties and instants come from small pools."""
    pool = [{}, *draw(st.lists(properties, min_size=1, max_size=3))]
    numbers = st.integers(0, 20 * len(_NUDGES) * len(_USUAL_NAMES) * len(pool))
    events = numbers.map(lambda number: _event(pool, number))
    cases = st.builds(
        Case,
        properties=st.sampled_from(pool),
        history=st.lists(events, max_size=1) | st.lists(events, min_size=3, max_size=8),
        now=instants,
    )
    return draw(st.lists(cases, min_size=2, max_size=size))
