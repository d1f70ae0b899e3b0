"""The reference of the HTTP API, as Markdown and as a page, from the OpenAPI document alone."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse

from hogsend.api.example import example_of
from hogsend.api.openapi import operations

_STYLE: Final = """
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem; border-bottom: 1px solid #8884 } h3 { margin-top: 2.5rem }
code, pre { font: .9em/1.45 ui-monospace, monospace } pre { overflow: auto; padding: .8rem }
pre, h3 code { background: #8881; border-radius: .3rem } h3 code { padding: .2rem .4rem }
table { border-collapse: collapse } td, th { padding: .25rem 1rem .25rem 0; text-align: left }
th { font-weight: 600 } nav li { list-style: none }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #dde } a { color: #9cf } }
"""
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One operation, ready to be written down.

    Attributes:
        parameters: Of each: name, where, what it may be, and what it is.
        body: An example of what is sent.
        answer: The status of success and an example, if it is JSON.
        faults: Of each: status and meaning.
    """

    method: str
    path: str
    summary: str
    description: str
    scope: str
    parameters: list[tuple[str, str, str, str]]
    body: str | None
    answer: tuple[str, str | None]
    faults: list[tuple[str, str]]

    @property
    def anchor(self) -> str:
        """Where the page has it."""
        return f"{self.method}{self.path}".lower().translate(str.maketrans("/{}", "---"))


def reference_routes(app: FastAPI) -> APIRouter:
    """The page at ``/docs``; it loads nothing, from nowhere."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs", response_class=HTMLResponse)
    async def docs() -> HTMLResponse:
        return HTMLResponse(
            as_html(app.openapi()),
            headers={"Content-Security-Policy": _POLICY, "Cache-Control": "max-age=300"},
        )

    return router


def as_markdown(document: dict[str, Any]) -> str:
    """``docs/reference/http.md``."""
    parts = [
        "# HTTP reference\n",
        "<!-- Made from the OpenAPI document: make reference -->\n",
        f"{document['info']['description']}\n",
        "A running server has the document at `/openapi.json` and this page at `/docs`.\n",
    ]
    for tag, entries in sections(document).items():
        parts.append(f"## {tag}\n")
        parts += [_entry_markdown(entry) for entry in entries]
    return "\n".join(parts)


def as_html(document: dict[str, Any]) -> str:
    """The page at ``/docs``."""
    found = sections(document)
    links = "".join(
        f"<li><a href='#{entry.anchor}'><code>{entry.method} {escape(entry.path)}</code></a> "
        f"{escape(entry.summary)}</li>"
        for entries in found.values()
        for entry in entries
    )
    body = "".join(
        f"<h2>{escape(tag)}</h2>" + "".join(map(_entry_html, entries))
        for tag, entries in found.items()
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>Hogsend HTTP API</title><style>{_STYLE}</style></head><body>"
        f"<h1>Hogsend HTTP API</h1><p>{_inline(document['info']['description'])}</p>"
        f"<p>As a document: <a href='openapi.json'>openapi.json</a></p><nav><ul>{links}</ul></nav>"
        f"{body}</body></html>"
    )


def sections(document: dict[str, Any]) -> dict[str, list[Entry]]:
    """The operations by tag, in the order of the document."""
    found: dict[str, list[Entry]] = {}
    for method, path, operation in operations(document):
        found.setdefault(operation["tags"][0], []).append(_entry(document, method, path, operation))
    return found


def _entry(document: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> Entry:
    schemas = document["components"]["schemas"]
    body = operation.get("requestBody")
    status = next(code for code in operation["responses"] if code.startswith("2"))
    return Entry(
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation.get("description", ""),
        scope=operation.get("x-scope", "none"),
        parameters=[
            _parameter(parameter, schemas) for parameter in operation.get("parameters", ())
        ],
        body=None if body is None else _example(body, schemas),
        answer=(status, _example(operation["responses"][status], schemas)),
        faults=[
            (code, response["description"])
            for code, response in operation["responses"].items()
            if not code.startswith("2")
        ],
    )


def _example(holder: dict[str, Any], schemas: dict[str, Any]) -> str | None:
    content = holder.get("content", {}).get("application/json")
    if content is None:
        return None
    return json.dumps(example_of(content["schema"], schemas), indent=2, ensure_ascii=False)


def _parameter(parameter: dict[str, Any], schemas: dict[str, Any]) -> tuple[str, str, str, str]:
    schema = parameter["schema"]
    place = parameter["in"] + (", required" if parameter.get("required") else "")
    description = parameter.get("description", "")
    return parameter["name"], place, ", ".join(_limits(schema, schemas)), description


def _limits(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[str]:
    """What a parameter may be, in a few words."""
    options = [each for each in schema.get("anyOf", [schema]) if each.get("type") != "null"]
    for option in options:
        named = option.get("$ref", "").rpartition("/")[2]
        resolved = schemas.get(named, option)
        if "enum" in resolved:
            yield " | ".join(map(str, resolved["enum"]))
        else:
            yield resolved.get("format", resolved.get("type", "any"))
        for key, word in (("minimum", "at least"), ("maximum", "at most")):
            if key in resolved:
                yield f"{word} {resolved[key]:,}"
    if schema.get("default") is not None:
        yield f"{schema['default']} if left out"


def _entry_markdown(entry: Entry) -> str:
    lines = [f"### {entry.summary}\n", f"`{entry.method} {entry.path}` (scope: {entry.scope})\n"]
    if entry.description:
        lines.append(f"{entry.description}\n")
    if entry.parameters:
        lines.append("| parameter | where | what | |\n|---|---|---|---|")
        lines += [
            f"| `{name}` | {place} | {limits.replace('|', chr(92) + '|')} | {text} |"
            for name, place, limits, text in entry.parameters
        ]
        lines.append("")
    if entry.body is not None:
        lines.append(f"Body:\n\n```json\n{entry.body}\n```\n")
    status, answer = entry.answer
    if answer is not None:
        lines.append(f"Answer, {status}:\n\n```json\n{answer}\n```\n")
    if entry.faults:
        lines.append("Errors: " + " ".join(f"{code}: {text}" for code, text in entry.faults) + "\n")
    return "\n".join(lines)


def _entry_html(entry: Entry) -> str:
    parts = [
        f"<h3 id='{entry.anchor}'>{escape(entry.summary)}</h3>"
        f"<p><code>{entry.method} {escape(entry.path)}</code> (scope: {escape(entry.scope)})</p>",
        *(f"<p>{_inline(text)}</p>" for text in entry.description.split("\n\n") if text),
    ]
    if entry.parameters:
        rows = "".join(
            f"<tr><td><code>{escape(name)}</code></td><td>{escape(place)}</td>"
            f"<td>{escape(limits)}</td><td>{_inline(text)}</td></tr>"
            for name, place, limits, text in entry.parameters
        )
        heads = "".join(f"<th>{head}</th>" for head in ("Parameter", "Where", "What", ""))
        parts.append(f"<table><tr>{heads}</tr>{rows}</table>")
    if entry.body is not None:
        parts.append(f"<p>Body:</p><pre>{escape(entry.body)}</pre>")
    status, answer = entry.answer
    if answer is not None:
        parts.append(f"<p>Answer, {status}:</p><pre>{escape(answer)}</pre>")
    faults = " ".join(f"<b>{code}</b> {escape(text)}" for code, text in entry.faults)
    return "".join([*parts, f"<p>{faults}</p>"])


def _inline(text: str) -> str:
    """Text with its ``code`` marked."""
    pieces = escape(text).split("`")
    return "".join(
        f"<code>{piece}</code>" if number % 2 else piece for number, piece in enumerate(pieces)
    )
