"""``hogsend new`` writes an app whole or not at all, and overwrites nothing."""

from __future__ import annotations

import json
import runpy
from dataclasses import dataclass
from pathlib import Path

import pytest

from hogsend.cli import entry
from hogsend.errors import ConfigurationError
from hogsend.scaffold import requirement
from hogsend.scaffold.create import create_app_directory
from hogsend.scaffold.requirement import find_requirement

ALL = """
.dockerignore .env.example .gitignore Dockerfile Makefile README.md compose.yaml
our_shop/__init__.py our_shop/app.py
our_shop/buckets/__init__.py our_shop/buckets/power_users.py
our_shop/buckets/trial_expiring_soon.py our_shop/buckets/went_dormant.py our_shop/constants.py
our_shop/emails/_layout.mjml our_shop/emails/final-nudge.mjml our_shop/emails/getting-started.mjml
our_shop/emails/welcome.mjml our_shop/emails/win-back.mjml
our_shop/journeys/__init__.py our_shop/journeys/welcome.py our_shop/journeys/win_back.py
our_shop/migrations/0001_feedback.py our_shop/worker.py pyproject.toml requirements-dev.txt
requirements.txt tests/test_app.py tests/test_buckets.py tests/test_journeys.py
"""


def files_below(path):
    return {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}


def test_it_writes_an_app_of_the_given_name(tmp_path, capsys):
    """All of it, named everywhere as the directory is, and says what to do next."""
    path = tmp_path / "apps" / "our-shop"
    assert entry.run(["new", str(path)]) == 0
    assert files_below(tmp_path / "apps") == {f"our-shop/{name}" for name in ALL.split()}
    for file in path.rglob("*.*"):
        assert "my-app" not in file.read_text(), file
        assert "my_app" not in file.read_text(), file
    assert "our_shop.app:client" in (path / "pyproject.toml").read_text()
    assert f"cd {path}" in capsys.readouterr().err


def test_it_overwrites_nothing(tmp_path):
    """A directory with anything in it, or a file; an empty directory is fine."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name in ("full", "file"):
        with pytest.raises(ConfigurationError, match="is there already, and nothing is overwr"):
            create_app_directory(tmp_path / name)
    assert files_below(tmp_path) == {"full/precious", "file"}
    (tmp_path / "empty").mkdir()
    assert Path("Makefile") in create_app_directory(tmp_path / "empty")


@pytest.mark.parametrize("name", ["My-App", "1st", "a b", "class", "email", "hogsend", "a--b"])
def test_a_name_that_python_could_not_import_is_refused(tmp_path, name):
    """Nothing is written."""
    with pytest.raises(ConfigurationError, match="cannot be an app's name"):
        create_app_directory(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_left_as_it_is(tmp_path, monkeypatch):
    """Also when the disk is full half-way."""

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hogsend.scaffold.create.os.rename", fail)
    with pytest.raises(ConfigurationError, match="No space left"):
        create_app_directory(tmp_path / "shop")
    assert list(tmp_path.iterdir()) == []


@dataclass
class Installed:
    """What pip noted about an installation."""

    direct_url: str | None
    version: str = "1.2.3"

    def read_text(self, name):
        assert name == "direct_url.json"
        return self.direct_url and json.dumps({"url": self.direct_url})


@pytest.fixture
def installed_from(monkeypatch):
    """Says where hogsend was installed from."""

    def say(url):
        monkeypatch.setattr(requirement, "distribution", lambda _: Installed(url))

    return say


def test_the_app_installs_the_hogsend_that_made_it(tmp_path, installed_from):
    """From an index by version, from a directory by its place."""
    installed_from(None)
    assert find_requirement().line == "hogsend~=1.2.3"
    installed_from("https://example.com/hogsend.whl")
    assert find_requirement().line == "hogsend~=1.2.3"
    installed_from(tmp_path.as_uri())
    assert find_requirement().line.endswith(f"\nhogsend @ {tmp_path.as_uri()}")


def test_a_wheel_goes_along(tmp_path, installed_from):
    """So that the app can be built elsewhere; one that is gone is an error, and nothing is left."""
    wheel = tmp_path / "hogsend 1.whl"
    wheel.write_bytes(b"a wheel")
    installed_from(wheel.as_uri())
    create_app_directory(tmp_path / "shop")
    assert (tmp_path / "shop" / "wheels" / wheel.name).read_bytes() == b"a wheel"
    assert (tmp_path / "shop" / "requirements.txt").read_text() == f"./wheels/{wheel.name}\n"
    assert "COPY wheels wheels\n" in (tmp_path / "shop" / "Dockerfile").read_text()
    wheel.unlink()
    with pytest.raises(ConfigurationError, match="not there any more"):
        create_app_directory(tmp_path / "other")
    assert not (tmp_path / "other").exists()


async def test_the_bare_app_passes_its_test(tmp_path, server, monkeypatch, hogsend_simulate):
    """It has one bucket and no more than that takes."""
    written = create_app_directory(tmp_path / "bare-shop", bare=True)
    assert len(written) == 12
    monkeypatch.syspath_prepend(tmp_path / "bare-shop")
    monkeypatch.setenv("TEST_DATABASE_URL", server)
    tests = runpy.run_path(str(tmp_path / "bare-shop" / "tests" / "test_buckets.py"))
    await tests["test_a_week_of_silence_and_a_return"](hogsend_simulate)
