"""What operators read stays fast however much there is: no statement needs to scan a table."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import UUID

import pytest
from tests.world import START

from hogsend.ops.events import SQL

DAY = timedelta(days=1)
STATEMENTS = {
    "count_stays": (["b"],),
    "list_stays": ("b", "active", 50, 0),
    "list_user_stays": ("u7", "b", None),
    "bucket_figures": (["b"], ["B"]),
    "bucket_moves": ("b", DAY, START, START),
    "search_contacts": ("u7", 50, 0, 100_000),
    "count_found_contacts": ("u7", 100_000),
    "show_contact": ("u7",),
    "overview": (["b"],),
    "news": ([START],),
    "count_runs": (["j"],),
    "list_runs": ("j", "failed", 50, 0),
    "find_run": ("j", UUID(int=7)),
    "list_mail": ("failed", 50, 0),
    "mail_figures": (START, START),
    "list_contacts": (50, 0, "u7"),
    "list_stays_after": ("b", "u7", 50, 0),
    "list_events": ("e7", None, None, 50, 0),
    "count_all_events": (None,),
    "count_events": (None, None, None, 100_000),
    "event_moves": (None, DAY, START, START),
    "list_user_events": ("u7", None, None, None, 50, 0),
    "count_user_events": ("u7", None, None, None, 100_000),
    "list_event_names": (50, 0),
    "count_event_names": (100_000,),
    "timeline": ("u7", 50, 0),
    "count_timeline": ("u7", 100_000),
    "funnel": ("j", 100),
    "find_keys": ([b"x" * 32], START, DAY),
}


def nodes(plan):
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


@pytest.mark.parametrize("name", STATEMENTS)
async def test_no_statement_scans_a_table(connection, name):
    """The generic plan finds its rows by an index, page and order included."""
    await connection.execute("SET enable_seqscan = off")
    rows = await connection.fetch(f"EXPLAIN (FORMAT JSON) {getattr(SQL, name)}", *STATEMENTS[name])
    plan = json.loads(rows[0][0])[0]["Plan"]
    scanned = {node["Relation Name"] for node in nodes(plan) if node["Node Type"] == "Seq Scan"}
    assert scanned <= {"tally_changes"}  # which is emptied every few seconds


@pytest.mark.parametrize("status", [None, "active", "left"])
async def test_a_page_of_members_is_read_in_order_from_the_index_alone(connection, status):
    """Also far down the list, no row is fetched for the members before it, and none is sorted."""
    await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    rows = await connection.fetch(f"EXPLAIN (FORMAT JSON) {SQL.list_stays}", "b", status, 50, 900)
    page = next(
        node
        for node in nodes(json.loads(rows[0][0])[0]["Plan"])
        if node.get("Subplan Name") == "CTE page"
    )
    assert page["Plans"][0]["Node Type"] in {"Merge Append", "Subquery Scan", "Limit"}
    read = [node for node in nodes(page) if "Index Name" in node]
    assert {node["Node Type"] for node in read} == {"Index Only Scan"}
    assert {node["Scan Direction"] for node in read} == {"Backward"}
