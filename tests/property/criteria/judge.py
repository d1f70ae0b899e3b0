"""A PostgreSQL that judges random cases, many to a round trip."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from hogsend.criteria.evaluate import Verdict
from hogsend.criteria.sql import compile_selection
from hogsend.db.pool import connect

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Sequence

    import asyncpg
    from tests.property.criteria.strategies import Case

    from hogsend.criteria.ast import Criteria

_SESSION = """
SET timezone = 'Europe/Berlin';
SET intervalstyle = 'iso_8601';
SET datestyle = 'German';
SET standard_conforming_strings = off;
SET escape_string_warning = off;
"""
_TABLES = """
CREATE TEMP TABLE contacts (user_id text COLLATE "C" PRIMARY KEY, properties jsonb NOT NULL);
CREATE TEMP TABLE user_events (
    user_id text COLLATE "C", event text COLLATE "C", occurred_at timestamptz, id int,
    properties jsonb NOT NULL, PRIMARY KEY (user_id, event, occurred_at, id)
);
"""
_SCOPE = (
    "(select c.user_id, c.properties, given.instant from contacts c "
    "join unnest($1::text[], $2::timestamptz[]) given (user_id, instant) using (user_id))"
)


class Judge:
    """Evaluates trees on a real PostgreSQL, in tables of its own."""

    def __init__(self, runner: asyncio.Runner, connection: asyncpg.Connection) -> None:
        self._runner = runner
        self._connection = connection

    def _run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._runner.run(coroutine)

    def verdicts(self, tree: Criteria, cases: Sequence[Case]) -> list[Verdict]:
        """The SQL's verdict on each case, at the case's own instant."""
        return self._run(self._verdicts(tree, cases))

    async def _verdicts(self, tree: Criteria, cases: Sequence[Case]) -> list[Verdict]:
        selection = compile_selection(tree, scope=_SCOPE, now="contacts.instant", taken=2)
        users = [str(index) for index in range(len(cases))]
        transaction = self._connection.transaction()
        await transaction.start()
        try:
            await self._store(cases)
            rows = await self._connection.fetch(
                selection.text, users, [case.now for case in cases], *selection.params
            )
        finally:
            await transaction.rollback()
        found = {row["user_id"]: row for row in rows}
        assert len(found) == len(rows) == len(cases)
        return [
            Verdict(
                matches=found[user]["matches"],
                flips_at=found[user]["flips_at"],
                since=found[user]["since"],
            )
            for user in users
        ]

    async def _store(self, cases: Sequence[Case]) -> None:
        contacts = [(str(index), case.properties) for index, case in enumerate(cases)]
        events = [
            (str(index), event.name, event.at, serial, event.properties)
            for index, case in enumerate(cases)
            for serial, event in enumerate(case.history)
        ]
        await self._connection.executemany("INSERT INTO contacts VALUES ($1, $2)", contacts)
        if events:
            await self._connection.executemany(
                "INSERT INTO user_events VALUES ($1, $2, $3, $4, $5)", events
            )


@contextlib.contextmanager
def open_judge(server: str) -> Iterator[Judge]:
    """A judge whose session has settings that would show in careless SQL."""
    with asyncio.Runner() as runner:
        connection = runner.run(connect(server, statement_cache_size=0))
        runner.run(connection.execute(_SESSION + _TABLES))
        yield Judge(runner, connection)
        runner.run(connection.close())
