"""The code in the documentation runs, and prints what the documentation says.

In every Markdown file, from top to bottom, in a directory and a database of the file's own:

- a ``python`` block that begins with ``# some/file.py`` is saved under that name; any other is
  executed, after those above it and with their names; ``await`` is allowed at the top;
- a ``jinja`` block begins with ``{# some/file #}`` and is saved under that name;
- of a ``console`` block, each line that begins with ``$ `` is run by a shell, and the lines up to
  the next one are what it has to print (``...`` stands for anything within a line; runs of blanks
  are alike).

Blocks of other languages are not run.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OWN_TESTS = {"docs/guides/criteria.md", "docs/guides/operations.md", "docs/tutorial.md"}
"""Pages whose blocks another test runs."""

PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("*.md", "docs/**/*.md", "examples/**/*.md")
    for path in ROOT.glob(pattern)
)
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"# ([\w./-]+\.py)\n")
TEMPLATE_NAME = re.compile(r"\{# ([\w./-]+) #\}\n")


@dataclass(frozen=True)
class Block:
    """A fenced block and where it is."""

    language: str
    code: str
    line: int


def blocks_of(page: str) -> list[Block]:
    text = (ROOT / page).read_text()
    return [
        Block(language=match[1], code=match[2], line=text.count("\n", 0, match.start()) + 2)
        for match in FENCE.finditer(text)
    ]


RUNNABLE = [
    page
    for page in PAGES
    if page not in OWN_TESTS and {b.language for b in blocks_of(page)} & {"python", "console"}
]


@pytest.mark.parametrize("page", RUNNABLE)
async def test_the_code_blocks_of_a_page_run(page, database, tmp_path, monkeypatch):
    """As a reader would run them."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    names = {"__name__": "__docs__"}
    for block in blocks_of(page):
        where = f"{page}:{block.line}"
        if block.language == "console":
            check_console(block.code, where)
        elif block.language == "jinja":
            template = tmp_path / TEMPLATE_NAME.match(block.code)[1]
            template.parent.mkdir(exist_ok=True)
            template.write_text(block.code)
        elif block.language == "python" and (name := FILE_NAME.match(block.code)):
            (tmp_path / name[1]).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name[1]).write_text(block.code)
        elif block.language == "python":
            await execute(block.code, where, names)


async def execute(code: str, where: str, names: dict) -> None:
    compiled = compile(code, where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    result = eval(compiled, names)
    if inspect.isawaitable(result):
        await result


def check_console(session: str, where: str) -> None:
    for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE):
        ran = subprocess.run(
            command,
            shell=True,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        assert ran.returncode == 0, f"{where}: {command}\n{ran.stdout}"
        assert re.fullmatch(pattern_of(expected), squeezed(ran.stdout)), f"{where}: {command}"


def pattern_of(expected: str) -> str:
    return re.escape(squeezed(expected)).replace(r"\.\.\.", ".*")


def squeezed(text: str) -> str:
    return re.sub(r"[ \t]+", " ", re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE))


def test_pages_are_found():
    """The readme is among those that run; a page with a test of its own exists."""
    assert "README.md" in RUNNABLE


ANY_FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")


@pytest.mark.parametrize("page", PAGES)
def test_links_inside_the_repository_lead_somewhere(page):
    """Relative links name files that exist."""
    prose = ANY_FENCE.sub("", (ROOT / page).read_text())
    for target in LINK.findall(prose):
        assert ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("**/*.svg")), ids=lambda p: p.name)
def test_pictures_load_nothing_from_elsewhere(picture):
    """No fonts, styles or images from any host; the name of the SVG language is not loaded."""
    text = picture.read_text().replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert not re.search(r"https?:|//|@import|url\((?!#)|<script|<image|<foreignObject", text)
