"""One bucket's statements for a walk over all contacts, chunk by chunk.

``survey`` finds out, without locks, about whom something is to be done; ``write`` does it, for
people whose contact locks are held. Both judge by the compiled criteria and the same rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Struct

from hogsend.buckets.definition import BucketMeta
from hogsend.criteria.sql import compile_selection
from hogsend.db.literals import text_array
from hogsend.db.pool import Connection
from hogsend.db.queries import load_queries

SQL = load_queries(__package__)

_SPAN: Final = "SELECT user_id, properties FROM contacts WHERE user_id > $2 AND user_id <= $11"
_THESE: Final = "SELECT user_id, properties FROM contacts WHERE user_id = ANY($2::text::text[])"

_MICROSECOND: Final = timedelta(microseconds=1)


class Written(Struct, frozen=True, kw_only=True):
    """What was done: how many joined, how many rows were touched, and who has to leave."""

    joined: int
    touched: int
    leaving: list[str]


class ChunkStatements:
    """The statements of one bucket.

    Args:
        mark: What timers must bear to be believed, and are given; None: all are believed.
    """

    def __init__(self, meta: BucketMeta, mark: int | None) -> None:
        self._rules = rules_of(meta, mark)
        self._survey, params = compile_chunk(SQL.survey_chunk, meta, _SPAN, taken=11)
        self._write, _ = compile_chunk(SQL.write_chunk, meta, _THESE, taken=10)
        self._params = params

    async def survey(
        self, connection: Connection, now: datetime, after: str, last: str
    ) -> list[str]:
        """Those behind one id, up to another, about whom something is to be done; no locks."""
        found: list[str] | None = await connection.fetchval(
            self._survey, now, after, *self._rules, last, *self._params
        )
        return found or []

    async def write(
        self, connection: Connection, now: datetime, user_ids: Sequence[str]
    ) -> Written:
        """Join and arm timers; the transaction holds these people's contact locks."""
        row: Any = await connection.fetchrow(
            self._write, now, text_array(user_ids), *self._rules, *self._params
        )
        return Written(joined=row["joined"], touched=row["touched"], leaving=row["leaving"] or [])


def compile_chunk(
    statement: str, meta: BucketMeta, people: str, taken: int
) -> tuple[str, tuple[object, ...]]:
    """A statement that judges ``people``, and the parameters that follow the ``taken`` ones."""
    selection = compile_selection(meta.criteria, scope="person", taken=taken)
    judge = SQL.judge_chunk.replace("/* people */", people).replace(
        "/* selection */", selection.text
    )
    return statement.replace("/* judge */", judge), selection.params


def rules_of(meta: BucketMeta, mark: int | None) -> tuple[object, ...]:
    """The parameters $3 to $10."""
    return (
        meta.id,
        mark,
        microseconds(meta.max_dwell),
        str(meta.entry_limit),
        microseconds(meta.entry_period) or 0,
        [schedule.label for schedule in meta.dwells],
        [microseconds(schedule.after) for schedule in meta.dwells],
        [microseconds(schedule.every) for schedule in meta.dwells],
    )


def microseconds(duration: timedelta | None) -> int | None:
    """A duration as the statements take it."""
    return None if duration is None else duration // _MICROSECOND
