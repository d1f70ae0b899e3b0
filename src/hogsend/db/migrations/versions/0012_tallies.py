"""Counters of what operators ask for most, kept by triggers."""

from __future__ import annotations

from typing import Final, TypeAlias

from alembic import op

from hogsend.db.migrations import execute_script
from hogsend.errors import DatabaseError

revision = "0012"
down_revision = "0011"

Measures: TypeAlias = tuple[tuple[str, str, str, str], ...]

_STAY_ENDS: Final = (
    ("'stay.left'", "bucket_id", "left_at", "1"),
    (
        "'stay.dwell_ms'",
        "bucket_id",
        "left_at",
        "(extract(epoch FROM left_at - entered_at) * 1000)::bigint",
    ),
)
_COUNTED: Final = {
    "contact": ("contacts", (("'contact'", "''", "created_at", "1"),)),
    "event": (
        "user_events",
        (
            (
                "CASE WHEN event ^@ 'bucket:' THEN 'event.transition' ELSE 'event' END",
                "event",
                "occurred_at",
                "1",
            ),
        ),
    ),
    "stay": (
        "bucket_memberships",
        (("'stay.entered'", "bucket_id", "entered_at", "1"), *_STAY_ENDS),
    ),
    "run": (
        "journey_states",
        (
            ("'run'", "journey_id", "created_at", "1"),
            ("'run.' || status", "journey_id", "'-infinity'::timestamptz", "1"),
        ),
    ),
    "mail": (
        "email_sends",
        (
            ("'mail'", "''", "sent_at", "1"),
            ("'mail.' || status", "template", "created_at", "1"),
        ),
    ),
}
"""By kind: a table, and what a row of it counts for: measure, id, at which instant (NULL: it does
not), and how much."""

_CHANGING: Final = {"stay": _STAY_ENDS, "run": _COUNTED["run"][1], "mail": _COUNTED["mail"][1]}
"""What an update can change: where a stay began stays, and nothing of a contact or an event."""


def upgrade() -> None:
    """Create the tables and triggers, and count what is there."""
    execute_script(__file__)
    for kind, (table, counted) in _COUNTED.items():
        op.execute(_trigger_function(kind, counted))
        for statement in _triggers(kind, table):
            op.execute(statement)
        op.execute(_change(counted, {table: 1}))
    op.execute(
        "WITH taken AS (DELETE FROM tally_changes RETURNING *)"
        " INSERT INTO tallies SELECT * FROM taken UNION ALL"
        " SELECT measure, id, '-infinity', sum(amount) FROM taken"
        " WHERE hour > '-infinity' GROUP BY measure, id"
    )


def _change(counted: Measures, sources: dict[str, int]) -> str:
    """Append what the rows of ``sources`` count for, those of a source with -1 taken off.

    Each measure is grouped by itself, and hours are told by division: one grouping of all, with
    ``date_trunc`` in a time zone, cost four times as much a row.
    """
    rows = " UNION ALL ".join(
        f"SELECT {measure} AS measure, {id_} AS id,"  # noqa: S608
        f" date_bin('1 hour', {at}, '2000-01-01 00:00Z') AS hour, {sign} * sum({amount}) AS amount"
        f" FROM {source} WHERE {at} IS NOT NULL GROUP BY 1, 2, 3"
        for source, sign in sources.items()
        for measure, id_, at, amount in counted
    )
    return (
        f"INSERT INTO tally_changes SELECT measure, id, hour, sum(amount) FROM ({rows}) AS change"  # noqa: S608
        " GROUP BY measure, id, hour HAVING sum(amount) <> 0"
    )


def _trigger_function(kind: str, counted: Measures) -> str:
    changing = _CHANGING.get(kind)
    updated = f"ELSE {_change(changing, {'added': 1, 'removed': -1})};" if changing else ""
    return f"""
        CREATE FUNCTION tally_{kind}() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'INSERT' THEN {_change(counted, {"added": 1})};
            ELSIF TG_OP = 'DELETE' THEN {_change(counted, {"removed": -1})};
            {updated}
            END IF;
            RETURN NULL;
        END $$"""


def _triggers(kind: str, table: str) -> list[str]:
    """Statement by statement."""
    sees = {"INSERT": "NEW TABLE AS added", "DELETE": "OLD TABLE AS removed"}
    if kind in _CHANGING:
        sees["UPDATE"] = "OLD TABLE AS removed NEW TABLE AS added"
    return [
        *(
            f"CREATE TRIGGER tally_{what.lower()} AFTER {what} ON {table} REFERENCING {rows}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION tally_{kind}()"
            for what, rows in sees.items()
        ),
        f"CREATE TRIGGER tally_truncate AFTER TRUNCATE ON {table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION forget_tallies('{kind}')",
    ]


def downgrade() -> None:
    """Schemas only go forward."""
    raise DatabaseError("Schemas only go forward; restore a backup to go back.")
