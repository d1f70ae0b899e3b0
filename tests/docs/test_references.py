"""The references that people write have everything that the code has, and nothing else."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

from hogsend import days, define_bucket, errors
from hogsend.criteria.operators import OPERATORS
from hogsend.testing import simulate

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "reference"
CELLS = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|", re.MULTILINE)


def tables(page, title):
    """The first two cells of each row of a section, the first being code."""
    section = re.split(r"^## ", (PAGES / page).read_text(), flags=re.MULTILINE)
    [found] = [text for text in section if text.startswith(title)]
    return CELLS.findall(found)


def codes_in_use():
    """Every ``error_response(status, code, …)``, and the kinds of things that are not found."""
    for path in (ROOT / "src" / "hogsend").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name("error_response"),
                    args=[ast.Constant(status), ast.Constant(code), *_],
                ):
                    yield code, str(status)
                case ast.Call(func=ast.Name("NotFoundError"), args=[ast.Constant(kind), *_]):
                    yield f"{kind.lower().replace(' ', '_')}_not_found", "404"
    yield from (("not_found", "404"), ("method_not_allowed", "405"))  # the router's own


def test_every_error_code_is_documented():
    """With its status; none that is gone."""
    assert set(tables("errors.md", "Of the HTTP API")) == set(codes_in_use())


def test_every_error_of_python_is_documented():
    """All that ``hogsend.errors`` has, below the base of all."""
    ours = {
        name
        for name, value in vars(errors).items()
        if inspect.isclass(value) and issubclass(value, errors.HogsendError)
    }
    documented = {name for name, _ in tables("errors.md", "In Python")}
    assert documented == ours - {"HogsendError"}


def test_every_operator_is_documented():
    """In the criteria's guide, whose rows another test executes."""
    guide = (ROOT / "docs" / "guides" / "criteria.md").read_text()
    table = guide.partition("| operator |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(OPERATORS)


async def test_the_properties_of_transitions_are_documented():
    """Each event's, as the log has them."""
    bucket = define_bucket(
        id="b", name="B", criteria=lambda b: b.event("x").within(days(3)).exists()
    ).schedule_dwell(after=days(1), label="soon")
    async with simulate(buckets=[bucket]) as sim:
        await sim.event("ada", "x")
        await sim.advance(days(3))
        rows = await sim._pool.fetch("SELECT event, properties FROM user_events WHERE event <> 'x'")
    kinds = {"bucket:entered": "joins", "bucket:left": "leaves", "bucket:dwell": "dwells"}
    names = tables("events.md", "Their properties")
    assert len(rows) == 5
    for row in rows:
        kind = kinds[":".join(row["event"].split(":")[:2])]
        assert set(row["properties"]) == {name for name, of in names if of in {"all", kind}}
