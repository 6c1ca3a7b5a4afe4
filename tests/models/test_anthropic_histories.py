"""Any history, with any options, is written as a request that the Anthropic interface accepts."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from aether_nb.events.messages import Image, Message, Origin, Text, ToolCall, ToolSpec
from aether_nb.models.base import Options, Request
from aether_nb.models.formats.anthropic import AnthropicFormat
from harness.anthropic import body, faults, profile

WORDS = some.sampled_from(["", " ", "\n", "hi ", "ünï ✓", "\ud800", '"type":"tool_use"'])
PICTURES = some.builds(Image, some.sampled_from(["image/png", "image/svg+xml"]), some.just("QUJD"))
PARTS = some.lists(some.builds(Text, WORDS) | PICTURES, max_size=3).map(tuple)
NAMES = some.sampled_from(["look", "a.b", "", "what is it"])
BLOCKS = some.sampled_from(
    [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "xx"},
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}},
        {"type": "text", "text": "said"},
    ]
)
ORIGINS = some.none() | some.builds(
    Origin, some.sampled_from(["anthropic", "openai"]), some.lists(BLOCKS).map(lambda blocks: {"content": blocks})
)
SPECS = [ToolSpec("look", "", {}), ToolSpec("find", "Find it.", {"type": "object", "properties": {}})]


@some.composite
def histories(draw: some.DrawFn) -> tuple[Message, ...]:
    """Any messages in any order; the ids of calls are as other providers make them, and each stands once."""
    ids, known = count(), ["stray"]
    said = []
    for role in draw(some.lists(some.sampled_from(["system", "user", "assistant", "tool"]), max_size=9)):
        calls: list[ToolCall] = []
        if role == "assistant":
            names = draw(some.lists(NAMES, max_size=3))
            form = draw(some.sampled_from(["call_{}", "functions.look:{}"]))
            calls = [ToolCall(form.format(next(ids)), name, {"a": 1}) for name in names]
            known += [call.id for call in calls]
        call_id = draw(some.sampled_from(known)) if role == "tool" else ""
        origin = draw(ORIGINS) if role == "assistant" else None
        said.append(Message(role, draw(PARTS), tuple(calls), call_id, draw(WORDS), origin))
    return tuple(said)


OPTIONS = some.builds(
    Options,
    max_tokens=some.sampled_from([None, 1, 1024, 1500, 50000]),
    temperature=some.sampled_from([None, 0.0, 1.5]),
    top_p=some.sampled_from([None, 0.5]),
    stop=some.sampled_from([(), (" ",), ("x", "")]),
    tool_choice=some.sampled_from(["", "none", "required", "look"]),
    schema=some.sampled_from([None, {"type": "object", "properties": {}}]),
    effort=some.sampled_from(["", "none", "low", "medium", "high"]),
)
QUIRKS = some.fixed_dictionaries(
    {
        "effort": some.sampled_from(["", "thinking", "output_config"]),
        "cache_points": some.booleans(),
        "json_schema": some.booleans(),
        "sampling": some.booleans(),
        "forced_tool": some.booleans(),
        "vision": some.sampled_from([None, False, True]),
        "max_output": some.sampled_from([None, 64000]),
    }
)


@settings(max_examples=400)
@given(histories(), OPTIONS, QUIRKS, some.booleans())
def test_every_history_is_accepted(
    messages: tuple[Message, ...], options: Options, quirks: dict[str, Any], tools: bool
) -> None:
    """Whatever was said, interrupted, signed by whom or left empty: no rule of the interface is broken."""
    assert faults(body(Request(messages, tuple(SPECS) if tools else (), options), **quirks)) == []


@given(histories(), some.booleans())
def test_a_history_is_written_the_same_in_one_go_and_as_it_grows(messages: tuple[Message, ...], points: bool) -> None:
    """What was written turn by turn equals what is written at once, cache points included."""
    growing, who = AnthropicFormat(), profile(cache_points=points)
    for end in range(len(messages) + 1):
        request = Request(messages[:end])
        assert growing.body(request, who) == AnthropicFormat().body(request, who)


@given(histories())
def test_an_unchanged_beginning_stays_the_same_bytes(messages: tuple[Message, ...]) -> None:
    """Providers keep what they have read by its bytes: closed turns never change, marks apart."""
    from aether_nb.models.formats.history import blocks

    spans = list(blocks(messages, "anthropic"))
    if len(spans) < 2:
        return
    closed = messages[: spans[-1][0]]
    before, after = body(closed)["messages"], body(messages)["messages"]
    assert json.dumps(after).startswith(json.dumps(before)[:-1])


def broken(**changes: Any) -> list[str]:
    """The faults of a request that is right but for these changes."""
    return faults({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]} | changes)


def turn(*content: dict[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


HI = {"role": "user", "content": "hi"}
USE = {"type": "tool_use", "id": "a", "name": "look", "input": {}}


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({}, []),
        ({"messages": []}, ["a user does not begin"]),
        ({"messages": [HI, HI]}, ["speakers do not take turns"]),
        ({"messages": [{"role": "user", "content": " "}]}, ["message 0: a text is blank"]),
        ({"messages": [HI, turn({"type": "text", "text": "x "})]}, ["message 1 ends with white space"]),
        ({"messages": [HI, turn(USE), HI]}, ["calls, but no tools", "message 2 does not answer the calls before it"]),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, ["the budget is too small, or leaves no room"]),
        ({"stop_sequences": [""]}, ["a stop sequence is blank"]),
        ({"tool_choice": {"type": "tool", "name": "x"}}, ["the chosen tool is none of the tools"]),
    ],
)
def test_the_rules_notice_what_they_forbid(changes: dict[str, Any], fault: list[str]) -> None:
    """The judge of the other tests finds faults where there are some."""
    assert [found[: len(wanted)] for found, wanted in zip(broken(**changes), fault, strict=True)] == fault
