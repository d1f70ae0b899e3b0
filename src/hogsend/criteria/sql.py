"""The tree as set-based SQL: the same state per node as in ``evaluate``, for many contacts.

A selection is a stack of subqueries. The lowest reads the facts of each contact: its
properties, and per slot the newest instants as an array, by one backward scan of the primary
key of ``user_events`` that ends after as many rows as are needed; histories are never counted.
Above it stands one subquery per level of the tree, in which the nodes of that level are
columns. What the verdict does not need is left out: most trees can never tell ``since``. What
a caller does not select is not computed either.

Every value is bound. Parameters are text, text[] and bigint, cast in the statement, so that
neither a codec for jsonb nor the session's time zone or interval style matters: a window is a
number of microseconds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
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
from hogsend.criteria.nodes import ALWAYS, NEVER, TRUE, UNKNOWN, Began, Node, junction, negated
from hogsend.criteria.operators import OPERATORS, Bind, ClockOperator
from hogsend.criteria.slots import Slot, SlotDepth, count_range, slot_depths, slot_of
from hogsend.criteria.stack import Expression, Stack

BY_USER_ID: Final = "(select user_id, properties from contacts where user_id = any($2::text[]))"

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
    slots = {needed.slot: needed for needed in slot_depths(criteria)}
    gate = compile_where(_conjuncts(criteria), "contacts.properties", binder)
    compiler = _Compiler(binder=binder, now=now, slots=slots, stack=Stack(now), gate=gate)
    text = compiler.verdict(compiler.node(criteria), scope)
    return Selection(text=text, params=tuple(binder.params))


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


def _flips_at(root: Node) -> str:
    if root.flips_at == NEVER:
        return "null::timestamptz"
    return f"case when {root.flips_at.sql} < {LAST_SQL} then {root.flips_at.sql} end"


def _is_datable(root: Node) -> bool:
    """Whether there are facts that tell since when it has held."""
    return root.began.earliest != ALWAYS and root.began.latest != UNKNOWN


def _since(root: Node) -> str:
    if not _is_datable(root):
        return "null::timestamptz"
    earliest, latest = root.began.earliest.sql, root.began.latest.sql
    exact = f"{earliest} = {latest} and {earliest} > {ALWAYS.sql}"
    return f"case when {root.holds.sql} and {exact} then {earliest} end"


def _conjuncts(criteria: Criteria) -> list[PropertyCondition]:
    """Conditions without which the tree cannot hold, now or by the clock alone."""
    match criteria:
        case PropertyCondition() if not isinstance(OPERATORS[criteria.operator], ClockOperator):
            return [criteria]
        case CompositeCondition(operator=Logic.AND):
            return [each for child in criteria.conditions for each in _conjuncts(child)]
        case _:
            return []


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiler:
    binder: _Binder
    now: str
    slots: Mapping[Slot, SlotDepth]
    stack: Stack
    gate: str

    def verdict(self, root: Node, scope: str) -> str:
        """The whole statement."""
        outputs = (
            f"{root.holds.sql} as matches",
            f"{_flips_at(root)} as flips_at",
            f"{_since(root)} as since",
        )
        # The instant is named even where nothing needs it: the parameter is always sent.
        uses = [self.stack.instant, root.holds, root.flips_at]
        uses += [root.began.earliest, root.began.latest] if _is_datable(root) else []
        return self.stack.statement(outputs, uses, scope)

    def node(self, criteria: Criteria) -> Node:
        match criteria:
            case PropertyCondition():
                return self._property(criteria)
            case EventCondition():
                return self._event(criteria)
            case NotCondition():
                return negated(self.node(criteria.condition))
            case CompositeCondition():
                children = [self.node(child) for child in criteria.conditions]
                return self._junction(children, neutral=criteria.operator is Logic.AND)

    def _property(self, condition: PropertyCondition) -> Node:
        operator = OPERATORS[condition.operator]
        found = _property("contacts.properties", condition.property, self.binder)
        if isinstance(operator, ClockOperator):
            return self._date(operator, self.stack.column(date_sql(found)), condition)
        sql = operator.sql(found, condition.value, self.binder)
        return Node(self.stack.column(sql))

    def _date(
        self, operator: ClockOperator, date: Expression, condition: PropertyCondition
    ) -> Node:
        duration = _interval(condition.value, self.binder)  # type: ignore[arg-type]
        first, last = operator.span_sql(date.sql, duration)
        start, end = f"({first})", f"({last})" if last else NEVER.sql
        now, uses = self.stack.instant.sql, [date, self.stack.instant]
        holds = f"coalesce({now} >= {start} and {now} < {end}, false)"
        next_one = f"when {now} < {start} then {start} when {now} < {end} then {end}"
        flips_at = f"case {next_one} else {NEVER.sql} end"
        return Node(self.stack.column(holds, uses), self.stack.column(flips_at, uses))

    def _event(self, condition: EventCondition) -> Node:
        low, high = count_range(condition)
        parts = []
        if low > 0 or high is None:
            parts.append(self._at_least(low, condition))
        if high is not None:
            parts.append(negated(self._at_least(high, condition)))
        return parts[0] if len(parts) == 1 else self._junction(parts, neutral=True)

    def _at_least(self, count: int, condition: EventCondition) -> Node:
        always = Began(ALWAYS, ALWAYS)
        if count <= 0:
            return Node(TRUE, began=always, ended=always)
        times = self._newest(condition)
        newest = self.stack.column(f"{times.sql}[1]", [times])
        kth = f"{times.sql}[{self.binder(count)}::bigint::integer]"
        if condition.within is None:
            holds = self.stack.column(f"{kth} is not null", [times])
            return Node(holds, began=Began(ALWAYS, newest), ended=always)
        return self._at_least_within(kth, condition, times, newest)

    def _at_least_within(
        self, kth: str, condition: EventCondition, times: Expression, newest: Expression
    ) -> Node:
        duration = _interval(condition.within, self.binder)  # type: ignore[arg-type]
        until = f"({kth} + {duration})"
        never_began = UNKNOWN if condition.where else ALWAYS
        now, uses = self.stack.instant.sql, [times, self.stack.instant]
        column = partial(self.stack.column, uses=uses)
        ended = Began(
            column(f"case when {times.sql}[1] < {until} then {until} else {ALWAYS.sql} end"),
            column(f"coalesce({until}, {never_began.sql})"),
        )
        return Node(
            column(f"coalesce({now} < {until}, false)"),
            column(f"case when {now} < {until} then {until} else {NEVER.sql} end"),
            began=Began(ALWAYS, newest),
            ended=ended,
        )

    def _newest(self, condition: EventCondition) -> Expression:
        """The newest instants of a leaf's slot, as many as any leaf needs."""
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
        # Where the gate is shut, the contact does not match whatever the facts are.
        return self.stack.column(
            f"case when {self.gate} then array(select e.occurred_at from user_events e "  # noqa: S608
            f"where {' and '.join(terms)} order by e.occurred_at desc "
            f"limit {bind(needed.depth)}::bigint) end"
        )

    def _junction(self, children: Sequence[Node], *, neutral: bool) -> Node:
        return junction(self.stack, children, neutral=neutral)
