"""JSON schemas as servers take them: without references, strict where they allow it, or as words in the prompt.

Pure functions over plain schemas. This module knows no wire format and no provider.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

__all__ = ["described", "inlined", "is_strict", "schema_name"]

Schema: TypeAlias = Mapping[str, Any]

STRICT_WORDS = frozenset(
    "type properties required additionalProperties items enum const anyOf description title $ref $defs".split()
)
"""What a strict schema may use everywhere. A schema with other words is sent as an ordinary one, which always works."""

UNWANTED = frozenset({"title", "discriminator", "$schema", "$id"})
"""Words that the servers which want no references refuse as well."""


def is_strict(schema: Schema) -> bool:
    """Whether a schema may be declared strict: each object closed, and each of its properties required."""
    return schema.get("type") == "object" and _strict(schema)


def _strict(schema: object) -> bool:
    if not isinstance(schema, Mapping) or not schema.keys() <= STRICT_WORDS:
        return False
    properties = schema.get("properties", {})
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False or set(schema.get("required", ())) != set(properties):
            return False
    elif properties:
        return False
    inner = [*properties.values(), *schema.get("anyOf", ()), *schema.get("$defs", {}).values()]
    if "items" in schema:
        inner.append(schema["items"])
    return all(map(_strict, inner)) and ("type" in schema or not schema.keys().isdisjoint({"anyOf", "$ref", "enum"}))


def inlined(schema: Schema) -> dict[str, Any]:
    """The schema with each reference replaced by what it means, and without titles.

    A schema that contains itself is cut where it would begin again: there anything is allowed.
    """
    definitions = {
        f"#/{place}/{name}": meaning
        for place in ("$defs", "definitions")
        for name, meaning in (schema.get(place) or {}).items()
    }

    def plain(value: Any, above: tuple[str, ...], names: bool = False) -> Any:
        if isinstance(value, list):
            return [plain(each, above) for each in value]
        if not isinstance(value, Mapping):
            return value
        if not names and isinstance(reference := value.get("$ref"), str):
            rest = {name: each for name, each in value.items() if name != "$ref"}
            if reference in above or reference not in definitions:
                return plain(rest, above)
            return plain(definitions[reference], (*above, reference)) | plain(rest, above)
        # Below "properties" stand names that the user chose, "title" perhaps among them.
        return {
            name: plain(each, above, names=name == "properties" and not names)
            for name, each in value.items()
            if names or name not in UNWANTED
        }

    found = plain({name: each for name, each in schema.items() if name not in ("$defs", "definitions")}, ())
    assert isinstance(found, dict)
    return found


def schema_name(schema: Schema) -> str:
    """A name for what is asked for, in the characters that servers allow."""
    title = schema.get("title")
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", title if isinstance(title, str) else "").strip("_")
    return name[:64] or "answer"


def described(schema: Schema) -> str:
    """What a model is told that has to follow a schema which its server does not take."""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON value that follows this JSON schema, and with nothing else:\n{text}"
