"""A SELECT as a stack of subqueries: columns at levels, each over the columns below it.

Columns that nothing above uses are left out, and the others are carried up as far as they are
used. ``offset 0`` keeps PostgreSQL from merging the levels into one, which would repeat the
expression of a column in every expression that uses it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Expression:
    """A piece of SQL, fit for ``level`` and those above it, and the columns that it names."""

    sql: str
    level: int = 0
    columns: tuple[str, ...] = ()


class Stack:
    """Collects columns and writes the statement.

    Args:
        now: The present instant, as SQL over the scope.
    """

    def __init__(self, now: str) -> None:
        self._levels: list[dict[str, Expression]] = []
        self._named: dict[tuple[int, str], Expression] = {}
        self.instant = self.column(now)

    def column(self, sql: str, uses: Sequence[Expression] = ()) -> Expression:
        """``sql`` over ``uses`` as a column, at the lowest level that can have it."""
        level = max((used.level for used in uses), default=0)
        if (level, sql) not in self._named:
            name = f"c{len(self._named)}"
            columns = tuple(column for used in uses for column in used.columns)
            self._at(level)[name] = Expression(sql, level, columns)
            self._named[level, sql] = Expression(name, level + 1, (name,))
        return self._named[level, sql]

    def statement(self, outputs: Sequence[str], uses: Sequence[Expression], scope: str) -> str:
        """``user_id`` and ``outputs``, which are over ``uses``, of the contacts of ``scope``."""
        top = max(used.level for used in uses)
        last_use = self._last_use(uses, top)
        source, owner = f"{scope} as contacts", "contacts.user_id"
        for level in range(top):
            listed = ",\n  ".join([owner, *self._listed(level, last_use)])
            source = f"(select {listed}\nfrom {source} offset 0) as level{level}"
            owner = "user_id"
        return f"select {', '.join([owner, *outputs])}\nfrom {source}"

    def _at(self, level: int) -> dict[str, Expression]:
        while len(self._levels) <= level:
            self._levels.append({})
        return self._levels[level]

    def _last_use(self, uses: Sequence[Expression], top: int) -> dict[str, int]:
        """The highest level at which each column is used; columns of no use are missing."""
        found = {column: top for used in uses for column in used.columns}
        for columns in reversed(self._levels[:top]):
            for name in columns.keys() & found.keys():
                for used in columns[name].columns:
                    found[used] = max(columns[name].level, found.get(used, 0))
        return found

    def _listed(self, level: int, last_use: dict[str, int]) -> list[str]:
        below = (name for columns in self._levels[:level] for name in columns)
        carried = [name for name in below if last_use.get(name, 0) > level]
        own = self._levels[level].items()
        return carried + [f"{column.sql} as {name}" for name, column in own if name in last_use]
