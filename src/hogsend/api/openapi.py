"""The OpenAPI document: what the routes say, and what holds for all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel

from hogsend.api.access import is_admin, required_scope
from hogsend.api.example import example_of
from hogsend.api.shapes import REQUESTS
from hogsend.criteria.schema import criteria_schema

_SCHEMAS: Final = "#/components/schemas/"
_METHODS: Final = frozenset({"get", "put", "post", "patch", "delete"})
_ARTICLES: Final = frozenset({"a", "an", "s", "the"})
_ABOUT: Final = (
    "JSON in camelCase; instants are ISO 8601 in UTC. Every route but `/v1/health`, `/v1/webhooks` "
    "and the links in mail takes an API key: `Authorization: Bearer KEY`. Errors have one "
    "shape, whatever the route."
)
_ERROR: Final[dict[str, Any]] = {
    "title": "Error",
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "additionalProperties": False,
            "properties": {
                "code": {"type": "string", "description": "For programs."},
                "message": {"type": "string", "description": "What is wrong and what to do."},
                "details": {"type": "array", "items": {"type": "object"}},
            },
        }
    },
    "examples": [
        {
            "error": {
                "code": "invalid_value",
                "message": "userId: is missing; send userId or email",
                "details": [{"field": "userId", "message": "is missing; send userId or email"}],
            }
        }
    ],
}
_FAULTS: Final = {
    400: "The body cannot be read.",
    401: "No key, or one that is unknown, expired or revoked.",
    403: "The key's scope does not reach.",
    404: "There is no such thing.",
    409: "Not in the state in which it is.",
    413: "The body is too large.",
    422: "A value cannot be accepted; `details` name the field.",
    429: "Too many requests, or too many bad keys from this address.",
    503: "No database, too much to do, or no key configured.",
}
_RETRIED: Final = frozenset({429, 503})


def takes(model: type[BaseModel] | str) -> dict[str, Any]:
    """The request body of a route that reads it itself: a model, or one of ``REQUESTS``."""
    schema = (
        {"$ref": _SCHEMAS + model}
        if isinstance(model, str)
        else model.model_json_schema(ref_template=_SCHEMAS + "{model}")
    )
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def operation_id(route: APIRoute) -> str:
    """``listBuckets``: what generated clients call an operation; from its summary."""
    said: str = route.summary or route.name
    words: list[str] = [
        word for word in re.findall(r"[a-z0-9]+", said.lower()) if word not in _ARTICLES
    ]
    return words[0] + "".join(word.capitalize() for word in words[1:])


def publish_schema(app: FastAPI) -> None:
    """Let ``app`` answer with the whole document."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a document: method, path and what is said of it."""
    for path, item in document["paths"].items():
        for method in filter(_METHODS.__contains__, item):  # in the order of the routes
            yield method.upper(), path, item[method]


def _document(app: FastAPI) -> dict[str, Any]:
    described = get_openapi(
        title="Hogsend", version=version("hogsend"), description=_ABOUT, routes=app.routes
    )
    document: dict[str, Any] = json.loads(json.dumps(described))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas |= REQUESTS | {"Error": _ERROR, "Criteria": _criteria()}
    criteria = {"anyOf": [{"$ref": _SCHEMAS + "Criteria"}, {"type": "null"}]}
    schemas["BucketDetail"]["properties"]["criteria"] = criteria
    for method, path, operation in operations(document):
        _hoist_body(operation, schemas)
        _add_faults(method, path, operation)
    for _, _, operation in operations(document):
        _add_examples(operation, schemas)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    document["components"]["securitySchemes"] = {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key."}
    }
    return document


def _hoist_body(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Move the schema of the body, and those within it, among the others."""
    body = operation.get("requestBody")
    if body is None or "title" not in body["content"]["application/json"]["schema"]:
        return
    schema = body["content"]["application/json"]["schema"]
    schemas |= schema.pop("$defs", {}) | {schema["title"]: schema}
    body["content"]["application/json"]["schema"] = {"$ref": _SCHEMAS + schema["title"]}


def _add_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Show what a success answers."""
    for code, response in operation["responses"].items():
        content = response.get("content", {}).get("application/json")
        if code.startswith("2") and content is not None:
            content["example"] = example_of(content["schema"], schemas)


def _add_faults(method: str, path: str, operation: dict[str, Any]) -> None:
    codes: set[int] = set()
    if "requestBody" in operation:
        codes |= {400, 413, 422}
    if operation.get("parameters"):
        codes |= {422}
    if "{" in path:
        codes |= {404}
    scope = required_scope(method, path)
    if scope is not None:
        codes |= {401, 403, 429, 503}
        operation["security"] = [{"apiKey": []}]
        operation["x-scope"] = scope
    responses = operation["responses"]
    responses.pop("422", None)
    for code in {"401", "409", "503"} & responses.keys():
        responses[code] = _fault(int(code)) | responses[code]
    for code in sorted(codes):
        responses.setdefault(str(code), _fault(code))
    if is_admin(path):
        for code, response in operation["responses"].items():
            if code not in {"401", "503"}:
                response.setdefault("headers", {}).update(_QUOTA)


def _fault(code: int) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": _FAULTS[code],
        "content": {"application/json": {"schema": {"$ref": _SCHEMAS + "Error"}}},
    }
    if code in _RETRIED:
        response["headers"] = {"Retry-After": _header("Seconds to wait.")}
    return response


def _header(description: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "integer", "minimum": 0}}


_QUOTA: Final = {
    "RateLimit-Limit": _header("Requests a minute with this key."),
    "RateLimit-Remaining": _header("How many are left."),
    "RateLimit-Reset": _header("Seconds until they are all there again."),
}


def _criteria() -> dict[str, Any]:
    """The schema with its references as they are from the document's root."""
    place = f"{_SCHEMAS}Criteria/$defs/"
    schema: dict[str, Any] = json.loads(json.dumps(criteria_schema()).replace("#/$defs/", place))
    del schema["$schema"]
    return schema
