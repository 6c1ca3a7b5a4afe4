"""Tools in words: what a model without tools of its own is told about them, and how a history with calls reads to it.

The calls of an assistant become blocks in its text, results become turns of the user. Pure, and the same words every
time, so that servers can keep what they have read. This module reads no answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from html import escape
from typing import Any

from aether_nb.events.messages import Image, Message, Part, Text, ToolCall, ToolSpec
from aether_nb.models.base import Options
from aether_nb.models.formats.history import Block
from aether_nb.models.formats.schemas import described

__all__ = ["complaint", "retold", "rules", "wishes"]

HOW = """You have tools. To use one, write a block of this form:

{example}

It holds one JSON object with "name" and "arguments"; the arguments follow the tool's schema. Write one block for each
call and nothing behind the last one: the results come back as <tool_result> turns. Never write a result yourself.
When you need no tool, answer without a block.

The tools:"""

FORM = "```tool_call\n{call}\n```"

SAMPLES: Mapping[str, object] = {"integer": 1, "number": 0.5, "boolean": True, "array": [], "object": {}}


def rules(tools: Sequence[ToolSpec]) -> Message:
    """What the tools are and how they are called, for the system prompt."""
    how = HOW.format(example=_block(tools[0].name, _example(tools[0].parameters)))
    return Message.of("system", "\n\n".join([how, *map(_described, tools)]))


def wishes(options: Options) -> str:
    """What a request asks for that is otherwise said in fields: which tool to use, the shape of the answer."""
    match options.tool_choice:
        case "":
            said = ""
        case "none":
            said = "Use no tool in this answer; answer in words."
        case "required":
            said = "Use at least one tool in this answer."
        case name:
            said = f"Use the tool {name} in this answer, and no other."
    if options.schema is None:
        return said
    return "\n\n".join(filter(None, (said, "When you answer without a tool:", described(options.schema))))


def complaint(faults: Sequence[str], names: Sequence[str]) -> Message:
    """What a model is told whose calls cannot be read: what is wrong, and the form that is wanted."""
    wrong = "; ".join(dict.fromkeys(faults))
    form = _block(names[0], {"…": "…"})
    return Message.of(
        "user",
        f"Your tool call could not be read: {wrong}. Write all the calls of that answer again and nothing else, each "
        f"as one block of exactly this form, with valid JSON:\n\n{form}",
    )


def _described(tool: ToolSpec) -> str:
    schema = json.dumps(dict(tool.parameters), ensure_ascii=False, separators=(",", ":"))
    return "\n".join(filter(None, (f"## {tool.name}", tool.description.strip(), f"Arguments: {schema}")))


def _example(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments such as the schema wants them: those that are required, or the first one."""
    properties: Mapping[str, Any] = schema.get("properties") or {}
    names = [name for name in schema.get("required") or () if name in properties] or list(properties)[:1]
    return {name: _sample(properties[name]) for name in names}


def _sample(schema: Any) -> Any:
    if not isinstance(schema, Mapping):
        return "…"
    for known in (schema.get("examples"), schema.get("enum")):
        if isinstance(known, Sequence) and known:
            return known[0]
    if schema.get("default") is not None:
        return schema["default"]
    kind = schema.get("type")
    return SAMPLES.get(kind, "…") if isinstance(kind, str) else "…"


def _block(name: str, arguments: Mapping[str, Any]) -> str:
    return FORM.format(call=json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False))


# ---- histories


def retold(block: Block) -> list[Message]:
    """A repaired block, in which each result stands behind its call, with calls and results as text."""
    names: dict[str, str] = {}
    told: list[Message] = []
    for message in block:
        if message.role == "tool":
            told.append(Message("user", _result(message, names.get(message.call_id, ""))))
        elif message.calls:
            names |= {call.id: call.name for call in message.calls}
            # What its provider wants back belongs to calls in their own form, which these are no longer.
            told.append(Message("assistant", (*message.parts, Text(_written(message.calls)))))
        else:
            told.append(message)
    return told


def _written(calls: Iterable[ToolCall]) -> str:
    return "\n".join([_block(call.name, call.arguments) for call in calls])


def _result(message: Message, name: str) -> tuple[Part, ...]:
    """A result between tags. What it says is data, so it cannot close the tag itself."""
    begin, end = f'<tool_result id="{escape(message.call_id)}" name="{escape(name)}">\n', "\n</tool_result>"
    parts = [replace(part, text=_harmless(part.text)) if isinstance(part, Text) else part for part in message.parts]
    texts = [part for part in parts if isinstance(part, Text)] or [Text("(nothing to show as text)")]
    texts[0] = replace(texts[0], text=begin + texts[0].text)
    texts[-1] = replace(texts[-1], text=texts[-1].text + end)
    return (*texts, *(part for part in parts if isinstance(part, Image)))


def _harmless(text: str) -> str:
    return text.replace("</tool_result", "<\\/tool_result")
