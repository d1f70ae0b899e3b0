"""The tree as set-based SQL: the same state per node as in ``evaluate``, for many contacts.

A selection is a stack of subqueries. The lowest reads the facts of each contact: per slot the
k-th newest event, one backward probe of the primary key of ``user_events``, never a count;
and the properties. Above it stands one subquery per level of the tree, in which every node
of that level is four columns: holds, flips_at, and the bounds of its beginning. ``offset 0``
keeps the planner from merging the levels, which would repeat the expressions of a node in
each that uses it. Columns that a caller does not select are not computed.

Every value is bound. Parameters are text, text[] and bigint, cast in the statement, so that
neither a codec for jsonb nor the session's time zone or interval style matters: a window is a
number of microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from hogsend.criteria.ast import (
    CompositeCondition,
    Criteria,
    EventCondition,
    Logic,
    NotCondition,
    PropertyCondition,
)
from hogsend.criteria.dates import LAST_SQL, date_sql
from hogsend.criteria.evaluate import event_leaves
from hogsend.criteria.operators import OPERATORS, Bind, ClockOperator
from hogsend.criteria.slots import Slot, SlotDepth, count_range, slot_depths, slot_of

BY_USER_ID: Final = "(select user_id, properties from contacts where user_id = any($2::text[]))"

_ALWAYS: Final = "timestamptz '-infinity'"
_NEVER: Final = "timestamptz 'infinity'"
_UNKNOWN: Final = _NEVER
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A statement whose rows are ``user_id, matches, flips_at, since``, one per contact.

    Attributes:
        text: A complete SELECT, fit to stand in parentheses after FROM.
        params: Its own parameters, which follow those that the caller has taken.
    """

    text: str
    params: tuple[object, ...]


def compile_selection(
    criteria: Criteria,
    *,
    scope: str = BY_USER_ID,
    now: str = "$1::timestamptz",
    taken: int = 2,
) -> Selection:
    """Compile a valid tree to SQL.

    Args:
        criteria: The tree.
        scope: What may stand after FROM and has the columns ``user_id`` and ``properties``:
            the contacts to judge. By default those whose ids are ``$2``.
        now: The present instant: a placeholder, or a column of ``scope`` as ``contacts.…``.
        taken: How many parameters ``scope`` and ``now`` use.
    """
    binder = _Binder(taken)
    compiler = _Compiler(binder=binder, now=now, slots=_by_slot(criteria))
    root = compiler.node(criteria)
    return Selection(text=compiler.statement(root, scope), params=tuple(binder.params))


def compile_where(where: Sequence[PropertyCondition], column: str, bind: Bind) -> str:
    """A boolean expression on a jsonb column: whether an event's properties pass ``where``.

    Args:
        where: The conditions; all must hold. None at all is ``true``.
        column: The column, such as ``e.properties``.
        bind: Takes a value, returns its placeholder; values are str, int or list[str].
    """
    return " and ".join(_filter(each, column, bind) for each in where) or "true"


def _filter(condition: PropertyCondition, column: str, bind: Bind) -> str:
    operator = OPERATORS[condition.operator]
    if isinstance(operator, ClockOperator):
        return "false"
    return operator.sql(_property(column, condition.property, bind), condition.value, bind)


def _property(column: str, name: str, bind: Bind) -> str:
    return f"({column} -> {bind(name)}::text)"


def _interval(duration: timedelta, bind: Bind) -> str:
    # An interval bound by a driver has days, which are not 24 hours in every time zone.
    return f"{bind(duration // _MICROSECOND)}::bigint * interval '1 microsecond'"


def _by_slot(criteria: Criteria) -> Mapping[Slot, SlotDepth]:
    return {needed.slot: needed for needed in slot_depths(tuple(event_leaves(criteria)))}


class _Binder:
    """Numbers parameters; equal values share one."""

    def __init__(self, taken: int) -> None:
        self.params: list[object] = []
        self._taken = taken
        self._placeholders: dict[object, str] = {}

    def __call__(self, value: object) -> str:
        key = (list, *value) if isinstance(value, list) else (type(value), value)
        if key not in self._placeholders:
            self.params.append(value)
            self._placeholders[key] = f"${self._taken + len(self.params)}"
        return self._placeholders[key]


@dataclass(frozen=True, slots=True)
class _Node:
    """A node as SQL over the columns of its level; like ``evaluate.State``."""

    level: int
    holds: str
    flips_at: str = _NEVER
    earliest: str = _ALWAYS
    latest: str = _UNKNOWN
    columns: tuple[str, ...] = ()


@dataclass(slots=True)
class _Compiler:
    binder: _Binder
    now: str
    slots: Mapping[Slot, SlotDepth]
    levels: list[dict[str, str]] = field(default_factory=lambda: [{}])
    last_use: dict[str, int] = field(default_factory=dict)
    serial: int = 0

    def node(self, criteria: Criteria) -> _Node:
        match criteria:
            case PropertyCondition():
                return self._property(criteria)
            case EventCondition():
                return self._event(criteria)
            case NotCondition():
                return _negated(self.node(criteria.condition))
            case CompositeCondition():
                children = [self.node(child) for child in criteria.conditions]
                return self._junction(children, neutral=criteria.operator is Logic.AND)

    def statement(self, root: _Node, scope: str) -> str:
        """The stack of subqueries, and the verdict on top."""
        for column in root.columns:
            self.last_use[column] = len(self.levels)
        source = self._facts(scope)
        for level in range(1, len(self.levels)):
            source = self._select(level, f"({source}) as level{level - 1}")
        return (
            f"select user_id, {root.holds} as matches, "
            f"case when {root.flips_at} < {LAST_SQL} then {root.flips_at} end as flips_at, "
            f"case when {root.holds} and {root.earliest} = {root.latest} "
            f"and {root.earliest} > {_ALWAYS} then {root.earliest} end as since\n"
            f"from ({source}) as level{len(self.levels) - 1}"
        )

    def _facts(self, scope: str) -> str:
        columns = {self.now: "instant", **self.levels[0]}
        listed = "".join(f",\n  {sql} as {name}" for sql, name in columns.items())
        return f"select contacts.user_id{listed}\nfrom {scope} as contacts offset 0"

    def _select(self, level: int, source: str) -> str:
        carried = [
            name
            for below in self.levels[:level]
            for name in below.values()
            if self.last_use.get(name, 0) > level
        ]
        added = [f"{sql} as {name}" for sql, name in self.levels[level].items()]
        listed = "".join(f",\n  {column}" for column in [*carried, *added])
        return f"select user_id{listed}\nfrom {source} offset 0"

    def _column(self, level: int, sql: str) -> str:
        """The name of an expression's column in a level; equal expressions share one."""
        while len(self.levels) <= level:
            self.levels.append({})
        if sql not in self.levels[level]:
            self.serial += 1
            self.levels[level][sql] = f"c{self.serial}"
        return self.levels[level][sql]

    def _used(self, columns: Sequence[str], level: int) -> None:
        for name in columns:
            self.last_use[name] = max(level, self.last_use.get(name, 0))

    def _stored(self, level: int, holds: str, flips_at: str, earliest: str, latest: str) -> _Node:
        """A node whose expressions are columns of ``level``."""
        parts = [holds, flips_at, earliest, latest]
        names = [part if part in _CONSTANTS else self._column(level, part) for part in parts]
        columns = tuple(name for name in names if name not in _CONSTANTS)
        holds, flips_at, earliest, latest = names
        return _Node(level, holds, flips_at, earliest, latest, columns)

    def _property(self, condition: PropertyCondition) -> _Node:
        operator = OPERATORS[condition.operator]
        found = _property("contacts.properties", condition.property, self.binder)
        if isinstance(operator, ClockOperator):
            return self._date(operator, self._column(0, date_sql(found)), condition)
        sql = operator.sql(found, condition.value, self.binder)
        column = self._column(0, sql)
        return _Node(0, column, columns=(column,))

    def _date(self, operator: ClockOperator, date: str, condition: PropertyCondition) -> _Node:
        duration = _interval(condition.value, self.binder)  # type: ignore[arg-type]
        first, last = operator.span_sql(date, duration)
        start, end = f"({first})", f"({last})" if last else _NEVER
        return self._stored(
            1,
            f"coalesce(instant >= {start} and instant < {end}, false)",
            f"case when instant < {start} then {start} when instant < {end} then {end} "
            f"else {_NEVER} end",
            _ALWAYS,
            _UNKNOWN,
        )

    def _event(self, condition: EventCondition) -> _Node:
        low, high = count_range(condition)
        parts = []
        if low > 0 or high is None:
            parts.append(self._at_least(low, condition))
        if high is not None:
            parts.append(_negated(self._at_least(high, condition)))
        return parts[0] if len(parts) == 1 else self._junction(parts, neutral=True)

    def _at_least(self, count: int, condition: EventCondition) -> _Node:
        if count <= 0:
            return _Node(0, "true", latest=_ALWAYS)
        newest = self._fact(condition, 1)
        oldest = self._fact(condition, count)
        if condition.within is None:
            return self._at_least_ever(newest, oldest)
        never_began = _UNKNOWN if condition.where else _ALWAYS
        until = f"({oldest} + {_interval(condition.within, self.binder)})"
        return self._stored(
            1,
            f"coalesce(instant < {until}, false)",
            f"case when instant < {until} then {until} else {_NEVER} end",
            f"case when instant >= {until} and {newest} < {until} then {until} else {_ALWAYS} end",
            f"case when {oldest} is null then {never_began} "
            f"when instant < {until} then {newest} else {until} end",
        )

    def _at_least_ever(self, newest: str, oldest: str) -> _Node:
        latest = f"case when {oldest} is null then {_ALWAYS} else {newest} end"
        return self._stored(1, f"({oldest} is not null)", _NEVER, _ALWAYS, latest)

    def _fact(self, condition: EventCondition, rank: int) -> str:
        """The instant of the ``rank``-th newest event of a leaf's slot, or NULL."""
        needed = self.slots[slot_of(condition)]
        bind = self.binder
        terms = [
            "e.user_id = contacts.user_id",
            f"e.event = {bind(condition.event_name)}::text",
            f"e.occurred_at <= {self.now}",
        ]
        if needed.horizon is not None:
            terms.append(f"e.occurred_at > {self.now} - {_interval(needed.horizon, bind)}")
        if condition.where:
            terms.append(compile_where(condition.where, "e.properties", bind))
        return self._column(
            0,
            f"(select e.occurred_at from user_events e where {' and '.join(terms)} "  # noqa: S608
            f"order by e.occurred_at desc offset {bind(rank - 1)}::bigint limit 1)",
        )

    def _junction(self, children: Sequence[_Node], *, neutral: bool) -> _Node:
        level = max(1, *(child.level + 1 for child in children))
        for child in children:
            self._used(child.columns, level)
        return self._stored(level, *_junction_state(children, neutral=neutral))


_CONSTANTS: Final = frozenset({"true", "(not true)", _ALWAYS, _NEVER})


def _negated(node: _Node) -> _Node:
    return _Node(
        node.level,
        f"(not {node.holds})",
        node.flips_at,
        node.earliest,
        node.latest,
        columns=node.columns,
    )


def _junction_state(children: Sequence[_Node], *, neutral: bool) -> tuple[str, str, str, str]:
    """Holds, flips_at, earliest and latest of a junction; ``evaluate`` gives the reasons."""
    holds = "(" + (" and " if neutral else " or ").join(child.holds for child in children) + ")"
    decided = f"(not {holds})" if neutral else holds
    decisive = [f"(not {child.holds})" if neutral else child.holds for child in children]
    others = [child.holds if neutral else f"(not {child.holds})" for child in children]
    flips_at = [child.flips_at for child in children]
    earliest = [child.earliest for child in children]
    latest = [child.latest for child in children]
    only = _fold("least", earliest, decisive)
    is_only = f"{' + '.join(f'{flag}::int' for flag in decisive)} = 1"
    in_time = f"coalesce({_fold('greatest', latest, others)} < {only}, true)"
    began = f"case when {is_only} and {in_time} then {only} else {_ALWAYS} end"
    return (
        holds,
        _either(decided, _fold("greatest", flips_at, decisive), _fold("least", flips_at)),
        _either(decided, began, _fold("greatest", earliest)),
        _either(decided, _fold("least", latest, decisive), _fold("greatest", latest)),
    )


def _either(condition: str, first: str, second: str) -> str:
    return f"case when {condition} then {first} else {second} end"


def _fold(function: str, parts: Sequence[str], flags: Sequence[str] = ()) -> str:
    """``least`` or ``greatest`` of the parts whose flags hold; NULL if none does."""
    if flags:
        parts = [
            f"case when {flag} then {part} end" for flag, part in zip(flags, parts, strict=True)
        ]
    return f"{function}({', '.join(parts)})"
