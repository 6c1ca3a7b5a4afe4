"""Recorded requests of a reference client, read as neutral messages: ours are the same, and break no rule."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import pytest

from aether_nb.events.messages import Image, Message, Origin, Part, Text, ToolCall, ToolSpec
from aether_nb.models.base import Request
from harness import recorded
from harness.anthropic import blocks_of, body, faults, recordings

needs_recordings = pytest.mark.skipif(not recorded.FILE.is_file(), reason=recorded.MISSING)

SAYABLE = {"text", "image", "tool_use", "tool_result"}
UNSAID = {"cache_control", "is_error", "strict", "defer_loading", "eager_input_streaming"}
"""Fields that are settings of the client, not part of what was said."""


def neutral(asked: dict[str, Any]) -> Iterator[Message]:
    for message in asked["messages"]:
        content = blocks_of(message)
        said = tuple(part(block) for block in content if block["type"] in ("text", "image"))
        if message["role"] == "user":
            for block in content:
                if block["type"] == "tool_result":
                    parts = tuple(part(inner) for inner in blocks_of(block))
                    yield Message("tool", parts, call_id=block["tool_use_id"])
            if said:
                yield Message("user", said)
        else:
            uses = [block for block in content if block["type"] == "tool_use"]
            calls = tuple(ToolCall(use["id"], use["name"], use["input"]) for use in uses)
            special = any(block["type"] not in SAYABLE for block in content)
            yield Message(
                "assistant", said, calls, origin=Origin("anthropic", {"content": content}) if special else None
            )


def part(block: dict[str, Any]) -> Part:
    if block["type"] == "text":
        return Text(block["text"])
    return Image(block["source"]["media_type"], block["source"]["data"])


def sayable(asked: dict[str, Any]) -> bool:
    """Whether messages of ours can say it: no documents, no addresses of pictures, no rules in between."""
    roles = {message["role"] for message in asked["messages"]}
    said = [block for message in asked["messages"] if message["role"] == "user" for block in blocks_of(message)]
    said += [inner for block in said if block["type"] == "tool_result" for inner in blocks_of(block)]
    pictures = {block["source"]["type"] for block in said if block["type"] == "image"}
    return roles <= {"user", "assistant"} and {block["type"] for block in said} <= SAYABLE and pictures <= {"base64"}


def plain(value: Any) -> Any:
    """Without settings of the client, without white space at the end of texts, and with contents as lists."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "role" in value or value.get("type") == "tool_result":
        value = {**value, "content": blocks_of(value)}
    kept = {name: plain(each) for name, each in value.items() if name not in UNSAID}
    if kept.get("type") == "text":
        kept["text"] = kept["text"].rstrip()
    return kept


def turns(asked: dict[str, Any]) -> list[tuple[str, list[Any]]]:
    """Who said what in turn: the interface makes neighbours of one role one."""
    each = ((role, list(group)) for role, group in groupby(plain(asked["messages"]), key=lambda turn: turn["role"]))
    return [(role, [block for turn in group for block in turn["content"]]) for role, group in each]


@needs_recordings
def test_recorded_requests_are_written_the_same() -> None:
    """What a reference client said to the provider, thinking and the provider's own blocks included, we say too."""
    rows = [row for row in recordings() + recordings(status=400) if sayable(row["request"])]
    assert len(rows) > 100
    for row in rows:
        asked = row["request"]
        own = [tool for tool in asked.get("tools", ()) if "input_schema" in tool]
        tools = tuple(ToolSpec(tool["name"], tool.get("description", ""), tool["input_schema"]) for tool in own)
        ours = body(Request(tuple(neutral(asked)), tools, stream=False))
        assert turns(ours) == turns(asked), row["id"]
        wanted = [{name: value for name, value in tool.items() if value != ""} for tool in plain(own)]
        assert not own or ours["tools"] == wanted, row["id"]
        assert faults(ours) == [], row["id"]
