"""The documentation's site is built without a warning, and loads nothing from anywhere."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
LOADED = re.compile(
    r"<(?:script|img|iframe|link|source|video|audio)\b[^>]*?(?:src|href)=[\"']?(?:https?:)?//"
    r"|@import|url\(\s*[\"']?(?:https?:)?//",
    re.IGNORECASE,
)


def test_the_site_has_every_page_and_loads_nothing_from_anywhere(tmp_path):
    """As ``make docs`` builds it. A page that no list names is a warning, which is an error."""
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html"]
    built = subprocess.run(
        [*command, str(DOCS), str(tmp_path)], check=False, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    pages = {path.relative_to(DOCS).with_suffix("") for path in DOCS.rglob("*.md")}
    made = {path.relative_to(tmp_path).with_suffix("") for path in tmp_path.rglob("*.html")}
    assert made == {*pages, Path("genindex"), Path("search")}
    for path in [*tmp_path.rglob("*.html"), *tmp_path.rglob("*.css")]:
        assert not LOADED.search(path.read_text()), path
