"""Examples made from schemas."""

from __future__ import annotations

from typing import Any, Final

_PLAIN: Final[dict[str, Any]] = {
    "string": "text",
    "integer": 1,
    "number": 1.5,
    "boolean": True,
    "null": None,
}


def example_of(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    """A value that ``schema`` describes.

    Args:
        schema: A JSON Schema; its own examples are taken first.
        schemas: What its references name, by the last part.
    """
    if "$ref" in schema:
        return _named(schema["$ref"].rpartition("/")[2], schemas)
    for key in ("examples", "enum"):
        if schema.get(key):
            return schema[key][0]
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas)
    return _typed(schema, schemas)


def _named(name: str, schemas: dict[str, Any]) -> Any:
    if name == "Criteria":
        return {"type": "property", "property": "plan", "operator": "eq", "value": "pro"}
    return example_of(schemas[name], schemas)


def _typed(schema: dict[str, Any], schemas: dict[str, Any]) -> Any:
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) else kind
    match kind:
        case "object":
            properties = schema.get("properties", {})
            return {name: example_of(each, schemas) for name, each in properties.items()}
        case "array":
            return [example_of(schema["items"], schemas)] if schema.get("items") else []
        case None:
            return {}
        case _:
            return _PLAIN[kind]
