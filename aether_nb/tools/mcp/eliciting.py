"""What a server asks a person during a call, put as questions of that call. Nobody there means: declined.

The words are the server's; the question says so first. Only plain fields are asked for, as the protocol has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aether_nb.tools.base import Context
from aether_nb.tools.mcp.remote import plain

__all__ = ["answered"]

DECLINE = "decline"

FIELDS = 20
"""Fields that are asked for; a server that wants more is declined."""

TRIES = 3
"""How often a value that does not fit is asked for again."""


async def answered(server: str, context: Context | None, asked: Any) -> Any:
    """The SDK's ``ElicitResult`` for what a server asks.

    Args:
        server: Its name.
        context: The call during which it asks; None when none is going on, and so nobody can be asked.
        asked: The SDK's parameters: a form, or an address that a person shall open.
    """
    from mcp_types import ElicitResult

    if context is None:
        return ElicitResult(action="decline")
    said = f"The server {server} asks: {plain(asked.message, 600)}"
    if getattr(asked, "mode", "form") == "url":
        text = f"{said}\nIt wants you to open {plain(asked.url, 300)} yourself. Open it only if you know the place."
        answer = await context.ask(text, ("I have opened it", DECLINE))
        return ElicitResult(action="accept" if answer == "I have opened it" else "decline")
    schema = asked.requested_schema if isinstance(asked.requested_schema, Mapping) else {}
    fields = schema.get("properties")
    fields = dict(fields) if isinstance(fields, Mapping) else {}
    if len(fields) > FIELDS:
        return ElicitResult(action="decline")
    if not fields:
        answer = await context.ask(said, ("yes", DECLINE))
        return ElicitResult(action="accept", content={}) if answer == "yes" else ElicitResult(action="decline")
    required = schema.get("required") or ()
    content: dict[str, Any] = {}
    for name, field in fields.items():
        value = await _asked(said, str(name), field if isinstance(field, Mapping) else {}, context, name in required)
        if value is _NOTHING:
            return ElicitResult(action="decline")
        if value is not None:
            content[str(name)] = value
    return ElicitResult(action="accept", content=content)


_NOTHING = object()

LEAVE = "leave it out"


async def _asked(said: str, name: str, field: Mapping[str, Any], context: Context, required: bool) -> Any:
    """One field's value; None when it is left out, ``_NOTHING`` when the person declines, or nobody is there."""
    label = plain(str(field.get("title") or name), 80)
    about = plain(str(field.get("description") or ""), 200)
    choices = _choices(field)
    several = field.get("type") == "array"
    options = (*(() if several else choices), *(() if required else (LEAVE,)), DECLINE)
    among = f": {', '.join(choices)}" if several and choices else ""
    text = f"{said}\n{label}{f' ({about})' if about else ''}: {_kind(field)}{among}"
    for _ in range(TRIES):
        answer = await context.ask(text, options)
        if answer is None or answer == DECLINE:
            return _NOTHING
        if answer == LEAVE and not required:
            return None
        try:
            return _value(answer, field, choices)
        except ValueError:
            text = f"{said}\n{label}: {answer!r} does not fit; {_kind(field)}"
    return _NOTHING


def _choices(field: Mapping[str, Any]) -> dict[str, Any]:
    """What may be chosen: what is shown, and the value it stands for."""
    if field.get("type") == "boolean":
        return {"yes": True, "no": False}
    if field.get("type") == "array":
        items = field.get("items")
        return _choices(items) if isinstance(items, Mapping) and items.get("type") != "array" else {}
    named = field.get("oneOf") or field.get("anyOf")
    if isinstance(named, list):
        pairs = [one for one in named if isinstance(one, Mapping)]
        return {plain(str(one.get("title") or one.get("const")), 60): one.get("const") for one in pairs[:20]}
    values = field.get("enum")
    names = field.get("enumNames")
    if not isinstance(values, list):
        return {}
    shown = names if isinstance(names, list) and len(names) == len(values) else values
    return {plain(str(word), 60): value for word, value in list(zip(shown, values, strict=True))[:20]}


def _kind(field: Mapping[str, Any]) -> str:
    kind = str(field.get("type") or "string")
    return {
        "integer": "a whole number",
        "number": "a number",
        "boolean": "yes or no",
        "array": "words between commas",
    }.get(kind, "one of them" if "enum" in field or "oneOf" in field else "a text; never a password or a key")


def _value(answer: str, field: Mapping[str, Any], choices: Mapping[str, Any]) -> Any:
    """The value that an answer stands for.

    Raises:
        ValueError: It is none for this field.
    """
    kind = field.get("type")
    if choices and kind != "array":
        return _chosen(answer, choices)
    if kind == "integer":
        return int(answer)
    if kind == "number":
        return float(answer)
    if kind == "array":
        words = [word.strip() for word in answer.split(",") if word.strip()]
        return [_chosen(word, choices) for word in words] if choices else words
    longest = field.get("maxLength")
    if len(answer) > (longest if isinstance(longest, int) else 10_000):
        raise ValueError(answer)
    return answer


def _chosen(word: str, choices: Mapping[str, Any]) -> Any:
    """The value that a choice stands for.

    Raises:
        ValueError: It is no choice.
    """
    if word not in choices:
        raise ValueError(word)
    return choices[word]
