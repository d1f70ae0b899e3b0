"""The criteria guide is true: its code runs, its table and its schema are what the code says."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hogsend.criteria import limits
from hogsend.criteria.ast import PropertyOperator
from hogsend.criteria.builder import CriteriaBuilder
from hogsend.criteria.dates import date_sql
from hogsend.criteria.evaluate import Facts, evaluate
from hogsend.criteria.operators import OPERATORS, ClockOperator, Takes
from hogsend.criteria.schema import criteria_schema
from hogsend.durations import days

GUIDE = (Path(__file__).parents[3] / "docs/guides/criteria.md").read_text()
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TABLE = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in GUIDE.splitlines()
    if re.match(r"\| `\w+` \| .* \| (true|false) \|", line)
]
_EXAMPLES: dict[Takes, Any] = {
    Takes.NOTHING: None,
    Takes.VALUES: ("x",),
    Takes.DATE: "2026-01-31",
    Takes.NUMBER: 5,
}


def shown_sql(name: str) -> str:
    """An operator's SQL as the guide shows it."""
    operator = OPERATORS[PropertyOperator(name)]
    if isinstance(operator, ClockOperator):
        start, end = operator.span_sql("date(v)", "$1")
        return f"now >= {start}" + (f" and now < {end}" if end else "")
    sql = operator.sql("v", _EXAMPLES.get(operator.takes, "x"), lambda _: "$1")
    return sql.replace(date_sql("v"), "date(v)")


def code(text):
    return re.findall(r"`([^`]+)`", text)


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def test_the_code_runs():
    """All Python blocks, in order, as one program."""
    names: dict[str, Any] = {}
    assert len(blocks("python")) > 8
    for block in blocks("python"):
        exec(compile(block, "criteria.md", "exec"), names)


def test_the_table_has_every_operator():
    """Once, in the order of the language."""
    assert [code(row[0])[0] for row in TABLE] == list(PropertyOperator)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row[0])
def test_a_row_of_the_table_is_true(row):
    """Its outcome for a missing property, its example, and its SQL."""
    name, _, missing, _, example, yes, no, sql = row
    (source,) = code(example)
    condition = eval(source, {"b": CriteriaBuilder(), "days": days})
    assert [condition.operator] == code(name)

    def holds(properties):
        return evaluate(condition, Facts(properties=properties, newest={}), NOW).matches

    assert str(holds({})).lower() == str(holds({condition.property: None})).lower() == missing
    for text in code(yes):
        assert holds({condition.property: json.loads(text)}), text
    for text in code(no):
        assert not holds({condition.property: json.loads(text)}), text
    assert code(sql) == [shown_sql(condition.operator)]


def test_the_schema_is_the_schema():
    """The published one is the one in force."""
    (text,) = blocks("json")
    assert json.loads(text) == criteria_schema()


def test_the_limits_are_the_limits():
    """Every number of the sentence that states them."""
    (sentence,) = re.findall(r"^A tree has at most .*?\.$", GUIDE, re.MULTILINE | re.DOTALL)
    found = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?!\w)", sentence)]
    assert found == [
        limits.MAX_CONDITIONS,
        limits.MAX_DEPTH,
        limits.MAX_COUNT,
        limits.MAX_WINDOW.days,
        limits.MAX_VALUES,
        limits.MAX_NAME,
        limits.MAX_TEXT,
    ]
