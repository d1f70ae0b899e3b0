"""An app's buckets and journeys are found by its package, and all that is wrong is said at once."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

from hogsend import create_client
from hogsend.cli.apps import load_client
from hogsend.errors import ConfigurationError, DefinitionError

BUCKET = """
from hogsend import define_bucket

{name} = define_bucket(id="{id}", name="N", criteria=lambda b: b.event("x").exists())
"""
JOURNEY = """
from hogsend import define_journey
from shop.buckets.active import active

@define_journey(id="hello", name="Hello", trigger=active.entered)
async def hello(user, ctx):
    pass
"""
WELCOME = "{% block subject %}Hi{% endblock %}"


@pytest.fixture
def write(tmp_path, monkeypatch):
    """Writes files of a package ``shop`` in the working directory, which is on the path."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def put(contents):
        for name, text in contents.items():
            path = tmp_path / "shop" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))

    yield put
    for name in [name for name in sys.modules if name.partition(".")[0] in {"shop", "app"}]:
        del sys.modules[name]


def active(name="active", id_="active"):
    return BUCKET.format(name=name, id=id_)


def ids(definitions):
    return [each.id for each in definitions]


def test_buckets_journeys_and_templates_are_found(write):
    """In packages, however deep, and once, though a journey's module has imported the bucket."""
    write(
        {
            "buckets/active.py": active(),
            "buckets/deep/more.py": active("more", "more"),
            "journeys/hello.py": JOURNEY,
            "emails/hello.html": WELCOME,
        }
    )
    client = create_client(app="shop")
    assert ids(client.registry.definitions) == ["active", "more"]
    assert ids(client.journeys.definitions) == ["hello"]
    assert client.templates.names == ["hello"]


def test_modules_will_do_and_further_ones_can_be_given(write):
    """``buckets.py``, without journeys and mail; what is named besides comes after."""
    write({"buckets.py": active()})
    other = create_client(app="shop", buckets=[])
    assert ids(other.registry.definitions) == ["active"]
    assert other.templates.names == []


def test_the_client_may_live_in_the_package(write):
    """``shop.app`` is being imported while its buckets are."""
    app = "from hogsend import create_client\nclient = create_client(app='shop')"
    write({"buckets/active.py": active(), "app.py": app})
    assert ids(load_client("shop.app").registry.definitions) == ["active"]


def test_everything_that_is_wrong_is_said_at_once(write):
    """What cannot be imported, once each, and what is defined twice, with the places."""
    write(
        {
            "buckets/active.py": "x = 1\ndef (",
            "buckets/bad.py": active(id_="B!"),
            "buckets/one.py": active(id_="same"),
            "buckets/two.py": active(id_="same"),
            "journeys/hello.py": JOURNEY,
            "journeys/nothing.py": "import nowhere",
        }
    )
    with pytest.raises(DefinitionError) as caught:
        create_client(app="shop")
    broken, bad, missing, twice = caught.value.faults
    assert broken == (
        "shop.buckets.active cannot be imported. "
        "shop/buckets/active.py:2: SyntaxError: invalid syntax"
    )
    assert bad.startswith("shop.buckets.bad cannot be imported. shop/buckets/bad.py:4: bucket 'B!'")
    assert missing == (
        "shop.journeys.nothing cannot be imported. shop/journeys/nothing.py:1: "
        "ModuleNotFoundError: No module named 'nowhere'"
    )
    assert twice == (
        "bucket 'same' is defined 2 times, in shop.buckets.one and in shop.buckets.two; "
        "ids must differ"
    )


@pytest.mark.parametrize(
    ("files", "app", "told"),
    [
        ({}, "shop", "There is no package 'shop' on Python's path"),
        (
            {"__init__.py": ""},
            "shop",
            "has neither `buckets` nor `journeys`; put a bucket into shop/",
        ),
        ({"buckets.py": active()}, "shop.buckets", "'shop.buckets' is a module"),
    ],
)
def test_an_app_that_is_none_is_refused(write, files, app, told):
    """The message says what was expected."""
    write(files)
    with pytest.raises(ConfigurationError, match=told):
        create_client(app=app)
