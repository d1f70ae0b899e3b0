"""What the OpenAPI document says beyond the routes."""

from __future__ import annotations

import json
from typing import Any

from fastapi import FastAPI

from hogsend.criteria.schema import criteria_schema

_PLACE = "#/components/schemas/Criteria/$defs/"


def publish_schemas(app: FastAPI) -> None:
    """Add the criteria language to the document's components."""
    describe_routes = app.openapi

    def openapi() -> dict[str, Any]:
        document = describe_routes()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Criteria"] = _criteria()
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _criteria() -> dict[str, Any]:
    """The schema with its references as they are from the document's root."""
    schema: dict[str, Any] = json.loads(json.dumps(criteria_schema()).replace("#/$defs/", _PLACE))
    del schema["$schema"]
    return schema
