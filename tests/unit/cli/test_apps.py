"""The user's app is found, or the message says exactly what to do."""

from __future__ import annotations

import sys

import pytest

from hogsend.cli.apps import load_client
from hogsend.errors import ConfigurationError

APP = """
from hogsend import create_client, days, define_bucket

active = define_bucket(
    id="active", name="Active", criteria=lambda b: b.event("x").within(days(1)).exists()
)
client = create_client(buckets=[active])
"""


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty working directory; what was imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in [name for name in sys.modules if name == "app" or name.startswith("app.")]:
        monkeypatch.delitem(sys.modules, name)  # another test's
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


def ids(client):
    return [bucket.id for bucket in client.registry.definitions]


@pytest.mark.parametrize("reference", [None, "app", "app:client", "app.py", "./app.py:client"])
def test_an_app_in_the_working_directory_is_found(here, reference):
    """By default, as a module, and as a file."""
    (here / "app.py").write_text(APP)
    assert ids(load_client(reference)) == ["active"]


@pytest.mark.parametrize("reference", [None, "app", "app.main:mine"])
def test_an_app_in_a_package_is_found(here, reference):
    """`app/__init__.py` is the default when there is no app.py."""
    (here / "app").mkdir()
    (here / "app" / "main.py").write_text(APP.replace("client =", "mine ="))
    (here / "app" / "__init__.py").write_text("from app.main import mine as client")
    assert ids(load_client(reference)) == ["active"]


def test_a_file_elsewhere_may_import_its_neighbours(here):
    """As it could if Python ran it."""
    (here / "sub").mkdir()
    (here / "sub" / "definitions_of_mine.py").write_text(APP)
    (here / "sub" / "app.py").write_text("from definitions_of_mine import client")
    assert ids(load_client("sub/app.py")) == ["active"]


def test_an_app_may_be_called_like_a_module_of_python(here):
    """Its file name must not replace that module."""
    (here / "json.py").write_text(APP)
    assert ids(load_client("./json.py")) == ["active"]
    assert hasattr(sys.modules["json"], "dumps")


def test_the_project_says_which_app_is_meant(here):
    """``[tool.hogsend]``, before a file that happens to be called app.py."""
    (here / "app.py").write_text("client = None")
    (here / "mine.py").write_text(APP)
    (here / "pyproject.toml").write_text('[tool.hogsend]\napp = "mine:client"')
    assert ids(load_client(None)) == ["active"]
    (here / "pyproject.toml").write_text("[tool.hogsend]\napp = 1")
    with pytest.raises(ConfigurationError, match="must be a text such as"):
        load_client(None)
    (here / "pyproject.toml").write_text("[tool")
    with pytest.raises(ConfigurationError, match="toml cannot be read"):
        load_client(None)


FAULTS = {
    "no app": ("", None, "There is no app.py in this directory"),
    "no file": ("", "x/app.py", "There is no file x/app.py. Name it with --app"),
    "no module": ("", "nowhere:client", "There is no module 'nowhere'"),
    "no submodule": (APP, "app.sub:client", "There is no module 'app.sub'"),
    "no attribute": (APP, "app:clinet", "app has no 'clinet'. Did you mean app:client?"),
    "no client at all": ("x = 1", None, "app.py has no 'client'. Name it with --app"),
    "another type": ("client = [1]", None, "app.py:client is of type list, not a client"),
    "syntax": ("x = 1\ndef (", None, "app.py:2: SyntaxError: invalid syntax"),
    "exception": ("\n\nx = 1 / 0", None, "app.py:3: ZeroDivisionError: division by zero"),
    "exception in a module": ("\nx = 1 / 0", "app", "app.py:2: ZeroDivisionError"),
    "missing import": ("import nowhere", "app", "app.py:1: ModuleNotFoundError: No module named"),
    "definition": (APP.replace('id="active"', 'id="A!"'), None, "app.py:4: bucket 'A!': an id is"),
    "two definitions": (APP.replace("[active]", "[active] * 2"), None, "app.py:7: bucket 'active'"),
}


@pytest.mark.parametrize(("code", "reference", "message"), FAULTS.values(), ids=FAULTS)
def test_an_app_that_cannot_be_had_is_an_error_with_its_place(here, code, reference, message):
    """File and line are the user's own, not ours."""
    if code:
        (here / "app.py").write_text(code)
    with pytest.raises(ConfigurationError) as error:
        load_client(reference)
    assert message in str(error.value)
