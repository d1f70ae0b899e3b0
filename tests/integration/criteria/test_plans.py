"""The compiled statements read events by the primary key, newest first, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from hogsend.criteria.builder import CriteriaBuilder, build
from hogsend.criteria.sql import compile_selection
from hogsend.durations import days

NOW = datetime(2026, 3, 1, tzinfo=UTC)
b = CriteriaBuilder()
SEEN = b.event("seen")
PAID = b.event("order").where(b.prop("total").gt(90))
TREES = {
    "exists": SEEN.exists(),
    "windowed": SEEN.within(days(7)).exists(),
    "count": SEEN.within(days(30)).at_least(10),
    "exactly": SEEN.within(days(30)).exactly(3),
    "falling": SEEN.within(days(30)).at_most(2),
    "lapsed": b.all(SEEN.exists(), SEEN.within(days(7)).not_exists()),
    "filtered": PAID.exists(),
    "filtered and windowed": PAID.within(days(7)).at_least(2),
    "composite": b.all(b.prop("plan").eq("pro"), b.any(SEEN.exactly(0), PAID.exists())),
}
RANGE = "(select user_id, properties from contacts where user_id between $2 and $3)"

_FILL = """
INSERT INTO contacts (user_id, properties, created_at, updated_at)
SELECT 'u' || n, jsonb_build_object('plan', CASE n % 2 WHEN 0 THEN 'pro' END), $2, $2
FROM generate_series(1, $1::integer / 50) AS n;
"""
_FILL_EVENTS = """
INSERT INTO user_events (user_id, event, occurred_at, id, properties, received_at)
SELECT 'u' || (1 + n % ($1::integer / 50)), CASE n % 3 WHEN 0 THEN 'order' ELSE 'seen' END,
       $2::timestamptz - n * interval '1 second', gen_random_uuid(),
       jsonb_build_object('total', n % 100), $2
FROM generate_series(1, $1::integer) AS n;
"""


async def fill(connection, number):
    await connection.execute(_FILL, number, NOW)
    await connection.execute(_FILL_EVENTS, number, NOW)
    await connection.execute("VACUUM ANALYZE contacts, user_events")


async def plans(connection, selection, *params):
    """The plan for these parameters, and the generic one that serves all."""
    explain = "EXPLAIN (FORMAT JSON)"
    custom = await connection.fetchval(f"{explain} {selection.text}", *params, *selection.params)
    nulls = ", ".join(["null"] * (len(params) + len(selection.params)))
    await connection.execute(
        f"SET plan_cache_mode = force_generic_plan; PREPARE judge AS {selection.text}"
    )
    generic = await connection.fetchval(f"{explain} EXECUTE judge ({nulls})")
    await connection.execute("DEALLOCATE judge; RESET plan_cache_mode")
    return [list(nodes(json.loads(text)[0]["Plan"])) for text in (custom, generic)]


def nodes(node):
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


async def check_plans(connection):
    for name, tree in TREES.items():
        users = compile_selection(build(tree))
        span = compile_selection(build(tree), scope=RANGE, taken=3)
        for plan in (
            *await plans(connection, users, NOW, ["u1", "u2"]),
            *await plans(connection, span, NOW, "u1", "u2"),
        ):
            check_events(
                name, [node for node in plan if node.get("Relation Name") == "user_events"]
            )


def check_events(name, scans):
    assert scans, name
    for scan in scans:
        assert scan["Node Type"] in {"Index Scan", "Index Only Scan"}, (name, scan)
        assert scan["Index Name"] == "user_events_pkey", (name, scan)
        assert scan["Scan Direction"] == "Backward", (name, scan)
        for column in ("user_id", "event", "occurred_at"):
            assert column in scan["Index Cond"], (name, scan)


async def test_events_are_read_by_the_primary_key(connection):
    """Every shape of leaf, by user ids and by a range of keys, on 20,000 events."""
    await fill(connection, 20_000)
    await check_plans(connection)


@pytest.mark.soak
async def test_events_are_read_by_the_primary_key_of_a_million(connection):
    """The same on a million events."""
    await fill(connection, 1_000_000)
    await check_plans(connection)


async def test_what_is_not_selected_is_not_computed(connection):
    """A caller who asks for nothing but ``matches`` does not pay for the instants."""
    await fill(connection, 500)
    selection = compile_selection(build(TREES["lapsed"]))

    async def mentions_flips(columns):
        text = f"EXPLAIN (VERBOSE) SELECT {columns} FROM ({selection.text}) judged"
        found = await connection.fetch(text, NOW, ["u1"], *selection.params)
        return "'infinity'" in "\n".join(row[0] for row in found)

    assert await mentions_flips("matches, flips_at")
    assert not await mentions_flips("matches")
