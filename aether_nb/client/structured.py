"""Answers as values: the schema that a model is told, and the check of what it answers.

A type is whatever pydantic understands, and a pandas DataFrame. What is no JSON object is asked for as one, under the
name ``value``, because several providers accept nothing else. This module asks nobody.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import isroutine
from itertools import islice
from numbers import Number
from typing import TYPE_CHECKING, Any

from aether_nb.client.checks import plainly
from aether_nb.errors import OptionError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

__all__ = ["Shape", "Unfit", "shape"]

MOST_FAULTS = 5
"""How many faults of one answer a model is told of."""

MOST_BEGINNINGS = 50
"""How many brackets of an answer are tried as the beginning of JSON; an answer of brackets alone costs no minutes."""

KNOWN = "Use int, float, bool, str, list, dict, Literal, an Enum, a dataclass, a pydantic model or a DataFrame."

FENCED = re.compile(r"```(?:json)?[ \t]*\n(.*?)```", re.DOTALL | re.IGNORECASE)


class Unfit(Exception):
    """An answer that is not of the wanted shape; says exactly why, for the model to mend it."""


@dataclass(frozen=True)
class Shape:
    """What an answer has to be.

    Args:
        title: The type, for people.
        schema: The JSON schema of the object that is asked for.
        wrapped: The object has one field, ``value``, and that is the answer.
    """

    title: str
    schema: Mapping[str, Any]
    wrapped: bool
    _adapter: TypeAdapter[Any]
    _finish: Callable[[Any], Any]

    @property
    def words(self) -> str:
        """The same for a model to read."""
        return (
            "Answer with one JSON object and nothing else: no other words, no code fence. It follows this schema:\n"
            + json.dumps(self.schema, ensure_ascii=False)
        )

    def read(self, text: str) -> Any:
        """The value of an answer.

        Raises:
            Unfit: It has another shape.
        """
        from pydantic import ValidationError

        found = _json(text, bare=self.wrapped)
        if self.wrapped and isinstance(found, dict) and found.keys() == {"value"}:
            found = found["value"]
        try:
            return self._finish(self._adapter.validate_json(json.dumps(found)))
        except ValidationError as error:
            faults = error.errors(include_url=False, include_input=False)
            lines = [f"{'.'.join(str(step) for step in fault['loc']) or 'value'}: {fault['msg']}" for fault in faults]
            more = f"; and {len(lines) - MOST_FAULTS} more" if len(lines) > MOST_FAULTS else ""
            raise Unfit("; ".join(lines[:MOST_FAULTS]) + more) from error


def shape(wanted: Any) -> Shape | None:
    """The shape that a type stands for; None for ``str``, which every answer is.

    Raises:
        OptionError: It is no type that JSON can carry.
    """
    if wanted is str:
        return None
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError

    if isinstance(wanted, str | bytes | Number | list | dict | tuple | set) or isroutine(wanted):
        raise OptionError(f"as_= cannot be {plainly(wanted)}.", "It is no type.", KNOWN)
    title = getattr(wanted, "__name__", None) or str(wanted)
    frame = isinstance(wanted, type) and wanted.__name__ == "DataFrame" and wanted.__module__.startswith("pandas")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(list[dict[str, Any]] if frame else wanted)
        schema = adapter.json_schema()
    except PydanticUserError as error:
        why = error.message.partition("\n")[0].partition(". ")[0]  # what follows is advice to who writes types
        raise OptionError(f"as_={title} cannot be asked for.", f"{why.rstrip('.')}.", KNOWN) from error
    if frame:
        schema["description"] = "The rows of a table, one object each, all with the same keys"
    wrapped = schema.get("type") != "object"
    return Shape(title, _object(schema) if wrapped else schema, wrapped, adapter, wanted if frame else _itself)


def _object(schema: dict[str, Any]) -> dict[str, Any]:
    """An object with the schema as its one field; definitions stay at the root, where references look for them."""
    definitions = {"$defs": schema.pop("$defs")} if "$defs" in schema else {}
    return {"type": "object", "properties": {"value": schema}, "required": ["value"], **definitions}


def _itself(value: Any) -> Any:
    return value


def _json(text: str, *, bare: bool) -> Any:
    """The JSON value in an answer: all of it, what stands in a code fence, or the first object or list in the text.

    ``bare``: a word that is no JSON stands for itself, as a text.
    """
    text = text.strip()
    fenced = FENCED.findall(text)
    for candidate in (text, *fenced):
        try:
            return json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    for begin in islice((place for place, sign in enumerate(text) if sign in "{["), MOST_BEGINNINGS):
        try:
            return json.JSONDecoder().raw_decode(text, begin)[0]
        except (ValueError, RecursionError):
            continue
    if bare and text and "\n" not in text:
        return text
    raise Unfit("There is no JSON in the answer." if text else "The answer is empty.")
