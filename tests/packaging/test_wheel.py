"""What people install has everything, and nothing else."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hogsend"
NOT_SHIPPED = {"__pycache__", ".ready"}
LARGEST = 1_000_000


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The wheel and the source distribution."""
    home = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(home)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel], [sources] = home.glob("*.whl"), home.glob("*.tar.gz")
    return wheel, sources


def shipped():
    """Every file of the package as it lies here, so also what git does not know."""
    return {
        str(file.relative_to(ROOT / "src"))
        for file in SOURCE.rglob("*")
        if file.is_file() and NOT_SHIPPED.isdisjoint(file.parts)
    }


def test_the_wheel_has_every_file_of_the_package(built):
    """Templates, queries, migrations, Studio's scripts, and the app that people begin with."""
    with zipfile.ZipFile(built[0]) as wheel:
        names = set(wheel.namelist())
    own = {name for name in names if not name.startswith("hogsend-")}
    assert own == shipped()
    for some in (
        "hogsend/py.typed",
        "hogsend/db/migrations/versions/0001_initial.sql",
        "hogsend/scaffold/files-full/my_app/emails/_layout.mjml",
        "hogsend/scaffold/files-common/gitignore",
        "hogsend/studio/static/vendor/htmx.min.js",
        "hogsend/studio/static/vendor/uplot.LICENSE",
    ):
        assert some in own


def test_the_wheel_is_small(built):
    """It is pure Python, and what it needs is asked for by name."""
    assert built[0].stat().st_size < LARGEST
    assert built[0].name.endswith("-py3-none-any.whl")


def test_a_wheel_can_be_made_from_the_sources(built):
    """So they have what is not in git, too; caches and environments stay here."""
    with tarfile.open(built[1]) as sources:
        names = {name.partition("/")[2] for name in sources.getnames()}
    assert {f"src/{name}" for name in shipped()} <= names
    assert {"pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md"} <= names
    assert not [name for name in names if ".venv" in name or "__pycache__" in name]
