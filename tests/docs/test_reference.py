"""The HTTP reference says what the routes do; ``make reference`` writes it anew."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import httpx2
import jsonschema_rs
import pytest

from hogsend import create_client
from hogsend.api.openapi import operations
from hogsend.api.reference import as_html, as_markdown, sections
from hogsend.asgi import create_app

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "http.md"

OPEN = ("/v1/health", "/v1/webhooks")
"""Below these, no route takes an API key."""


@pytest.fixture(scope="module")
def app():
    return create_app(create_client())


@pytest.fixture(scope="module")
def document(app):
    return app.openapi()


def test_the_reference_is_up_to_date(document):
    """It is made from the document; after a change of a route: make reference."""
    made = as_markdown(document)
    if os.environ.get("UPDATE"):
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "make reference"


def test_every_operation_is_described(document):
    """A summary, a description, a tag, and what it answers; names of operations differ."""
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    for method, path, operation in operations(document):
        assert operation["description"], (method, path)
        assert operation["summary"], (method, path)
        for parameter in operation.get("parameters", []):
            assert parameter["description"], (method, path, parameter["name"])
        assert operation.get("security") or path.startswith(OPEN), (method, path)


def test_the_document_is_openapi_3_1_and_its_references_lead_somewhere(document):
    """So that generators and validators can read it."""
    assert document["openapi"].startswith("3.1")
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        place = document
        for step in reference.split("/"):
            place = place[step]


def test_examples_are_what_they_are_examples_of(document):
    """Each body and answer of the document conforms to its own schema."""
    for method, path, operation in operations(document):
        holders = [
            response for code, response in operation["responses"].items() if code.startswith("2")
        ]
        for content in (each["content"].get("application/json") for each in holders):
            if content is None:
                continue
            root = {**content["schema"], "components": document["components"]}
            jsonschema_rs.validate(root, content["example"])
            assert content["example"], (method, path)


async def test_the_page_has_it_all_and_loads_nothing(app, document):
    """Every operation is on it; no script, no font, no style from elsewhere; no key is needed."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as http:
        answer = await http.get("/docs")
    assert answer.status_code == 200
    assert answer.text == as_html(document)
    assert not re.search(r"<script|<link|<img|@import|url\(|//", answer.text.replace("&#x27;", ""))
    assert "default-src 'none'; style-src 'sha256-" in answer.headers["Content-Security-Policy"]
    for entries in sections(document).values():
        for entry in entries:
            assert f"id='{entry.anchor}'" in answer.text
            assert f"href='#{entry.anchor}'" in answer.text
