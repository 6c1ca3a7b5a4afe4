"""How the options of a request and the quirks of a provider are written in the Anthropic messages format."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aether_nb.events.messages import Image, Message, Text, ToolCall, ToolSpec
from aether_nb.models.base import Options, Request
from aether_nb.models.formats.anthropic import AnthropicFormat
from harness.anthropic import body, profile

HI = Message.of("user", "hi")
LOOK = ToolSpec("look", "", {})
FIND = ToolSpec("find", "Find it.", {"type": "object", "properties": {"x": {"type": "string"}}})
CALL = ToolCall("call_1", "look", {})
CALLED = Message("assistant", (), (CALL,))
POINT = {"cache_control": {"type": "ephemeral"}}


def head(
    *messages: Message, tools: tuple[ToolSpec, ...] = (), quirks: dict[str, Any] | None = None, **options: Any
) -> Any:
    """The body without model and messages."""
    sent = body(Request(messages or (HI,), tools, Options(**options), stream=False), **quirks or {})
    return {name: value for name, value in sent.items() if name not in ("model", "messages")}


def test_the_plainest_request() -> None:
    """A request has a model, a limit and its messages; only a streamed one says so."""
    assert body((HI,)) == {
        "model": "claude-x",
        "max_tokens": 8192,
        "messages": [{"role": "user", "content": "hi"}],
    }
    assert body(Request((HI,)))["stream"] is True


@pytest.mark.parametrize(
    ("asked", "known", "limit"), [(None, None, 8192), (None, 64000, 64000), (10, 64000, 10), (10, None, 10)]
)
def test_the_limit(asked: int | None, known: int | None, limit: int) -> None:
    """A limit is always sent: the one asked for, else the model's, else one that every model has."""
    assert head(max_tokens=asked, quirks={"max_output": known})["max_tokens"] == limit


def test_sampling() -> None:
    """Temperature or top_p, never both, and neither where the model refuses them."""
    assert head(temperature=1.7, top_p=0.5, max_tokens=9) == {"max_tokens": 9, "temperature": 1.0}
    assert head(top_p=0.5, max_tokens=9) == {"max_tokens": 9, "top_p": 0.5}
    assert head(temperature=0.5, max_tokens=9, quirks={"sampling": False}) == {"max_tokens": 9}


@pytest.mark.parametrize(
    ("choice", "quirks", "sent"),
    [
        ("", {}, None),
        ("none", {}, {"type": "none"}),
        ("required", {}, {"type": "any"}),
        ("look", {}, {"type": "tool", "name": "look"}),
        ("look", {"forced_tool": False}, {"type": "any"}),
        ("look", {"tool_choice_required": "", "forced_tool": False}, None),
    ],
)
def test_the_choice_of_a_tool(choice: str, quirks: dict[str, Any], sent: object) -> None:
    """Choices have this format's words, or none where the provider has none."""
    assert head(tools=(LOOK, FIND), tool_choice=choice, quirks=quirks).get("tool_choice") == sent


def test_tools() -> None:
    """Tools have an object's schema; without tools the ones that the history used are declared, not to be used."""
    look: dict[str, Any] = {"name": "look", "input_schema": {"type": "object"}}
    find = {"name": "find", "description": "Find it.", "input_schema": dict(FIND.parameters)}
    assert head(tools=(LOOK, FIND))["tools"] == [look, find]
    used = head(HI, CALLED, Message.of("tool", "x", call_id="call_1"), max_tokens=9)
    assert used == {"max_tokens": 9, "tools": [look], "tool_choice": {"type": "none"}}
    assert "tools" not in head()


def test_tools_of_the_provider() -> None:
    """Tools that the provider runs itself stand before ours; other fields of the body are sent as they are."""
    search = {"type": "web_search_20250305", "name": "web_search"}
    sent = head(tools=(LOOK,), extra={"tools": [search], "metadata": {"user_id": "u"}}, quirks={"extra": {"top_k": 5}})
    assert [tool["name"] for tool in sent["tools"]] == ["web_search", "look"]
    assert (sent["metadata"], sent["top_k"]) == ({"user_id": "u"}, 5)
    assert head(extra={"tools": [search]})["tools"] == [search]


BUDGET = {"effort": "thinking"}
WORD = {"effort": "output_config"}


@pytest.mark.parametrize(
    ("effort", "quirks", "options", "sent"),
    [
        ("high", {}, {}, {}),
        ("low", BUDGET, {}, {"thinking": {"type": "enabled", "budget_tokens": 1024}}),
        ("medium", BUDGET, {}, {"thinking": {"type": "enabled", "budget_tokens": 4096}}),
        ("high", BUDGET, {}, {"thinking": {"type": "enabled", "budget_tokens": 6144}}),
        ("high", BUDGET, {"max_tokens": 64000}, {"thinking": {"type": "enabled", "budget_tokens": 16384}}),
        ("high", BUDGET, {"max_tokens": 1000}, {}),
        ("high", BUDGET, {"tool_choice": "required"}, {"tool_choice": {"type": "any"}}),
        ("none", BUDGET, {}, {}),
        ("none", WORD, {}, {"thinking": {"type": "disabled"}}),
        ("low", WORD, {}, {"output_config": {"effort": "low"}, "thinking": {"type": "adaptive"}}),
        (
            "low",
            WORD,
            {"tool_choice": "required"},
            {"output_config": {"effort": "low"}, "tool_choice": {"type": "any"}},
        ),
    ],
)
def test_effort(effort: str, quirks: dict[str, Any], options: dict[str, Any], sent: dict[str, Any]) -> None:
    """How long to think is a budget or a word; it never meets a forced tool, and leaves room for the answer."""
    got = head(tools=(LOOK,), effort=effort, quirks=quirks, **options)
    assert {name: value for name, value in got.items() if name not in ("max_tokens", "tools")} == sent


def test_thinking_does_not_begin_between_two_calls() -> None:
    """While tools are in use that were called without thinking, as after a swap, no thinking is asked for."""
    result = Message.of("tool", "x", call_id="call_1")
    assert "thinking" not in head(HI, CALLED, result, tools=(LOOK,), effort="low", quirks=BUDGET)
    done = Message.of("assistant", "done")
    assert "thinking" in head(HI, CALLED, result, done, HI, tools=(LOOK,), effort="low", quirks=BUDGET)


def test_a_schema_is_sent_in_the_words_of_the_format() -> None:
    """Objects are closed, and what the grammar has no word for is told in the description."""
    number = {"type": "integer", "minimum": 1, "description": "How many."}
    schema = {
        "type": "object",
        "properties": {"n": number, "at": {"type": "string", "format": "byte"}, "title": {"$ref": "#/$defs/T"}},
        "required": ["n"],
        "$defs": {"T": {"oneOf": [{"type": "null"}, {"type": "array", "items": {"type": "object"}, "minItems": 2}]}},
    }
    sent = head(schema=schema, effort="low", quirks=WORD)["output_config"]
    inner = {"type": "array", "items": {"type": "object", "additionalProperties": False}}
    assert sent == {
        "effort": "low",
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {
                    "n": {"type": "integer", "description": "How many. (minimum: 1)"},
                    "at": {"type": "string", "description": '(format: "byte")'},
                    "title": {"$ref": "#/$defs/T"},
                },
                "required": ["n"],
                "$defs": {"T": {"anyOf": [{"type": "null"}, inner | {"description": "(minItems: 2)"}]}},
                "additionalProperties": False,
            },
        },
    }


def test_a_schema_that_is_not_taken_is_described() -> None:
    """Where no schema is accepted it stands at the end of the rules, behind the point up to which they are kept."""
    system, quirks = Message.of("system", "Be kind."), {"json_schema": False}
    told = head(system, HI, schema={"type": "object"}, quirks=quirks)["system"]
    assert told.startswith("Be kind.\n\nAnswer with") and told.endswith('{"type":"object"}')
    rules = head(system, HI, schema={"type": "object"}, quirks=quirks | {"cache_points": True})["system"]
    assert rules[0] == {"type": "text", "text": "Be kind."} | POINT
    assert "cache_control" not in rules[1] and rules[1]["text"].endswith('{"type":"object"}')


def test_pictures() -> None:
    """Pictures stay where they are, also in results; what cannot be sent or seen is named in words."""
    picture, drawing = Image("image/png", "QUJD"), Image("image/svg+xml", "QUJD")
    shown = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}
    words = "(a picture that this model cannot see)"
    history = (HI, CALLED, Message("tool", (Text("a"), picture, drawing), call_id="call_1"))
    result = {"type": "tool_result", "tool_use_id": "call_1"}
    unseen = {"type": "text", "text": words}
    assert body(history)["messages"][2]["content"] == [
        result | {"content": [{"type": "text", "text": "a"}, shown, unseen]}
    ]
    blind = body(history, vision=False)["messages"][2]["content"]
    assert blind == [result | {"content": f"a\n\n{words}\n\n{words}"}]


def test_results_come_first_and_are_never_empty() -> None:
    """What a user says after calls stands in one turn behind their results, one for each call."""
    two = Message("assistant", (), (CALL, ToolCall("functions.look:1", "look!", {})))
    sent = body((HI, two, HI, Message("tool", (), call_id="functions.look:1")))["messages"]
    uses, turn = sent[1]["content"], sent[2]["content"]
    assert [use["name"] for use in uses] == ["look", "look_"]
    assert [part["type"] for part in turn] == ["tool_result", "tool_result", "text"]
    assert [part["tool_use_id"] for part in turn[:2]] == [use["id"] for use in uses]
    assert turn[1]["content"] == "(nothing to show as text)"


def test_cache_points_mark_tools_rules_and_the_two_newest_turns() -> None:
    """What was read before is found again: four marks, and those on turns move without writing anything anew."""
    wire, who = AnthropicFormat(), profile(cache_points=True)
    said = (Message.of("system", "sys"), HI, Message.of("assistant", "a"), Message.of("user", "b"))
    first = json.loads(wire.body(Request(said, (LOOK, FIND)), who))
    more = (*said, CALLED, Message("tool", (Image("image/png", "QUJD"),), call_id="call_1"))
    second = json.loads(wire.body(Request(more, (LOOK, FIND)), who))
    assert [_marks(first), _marks(second)] == [["tools", "system", 0, 2], ["tools", "system", 2, 4]]
    assert _bare(second["messages"][:3]) == _bare(first["messages"])


def _marks(sent: dict[str, Any]) -> list[str | int]:
    """Where a body has cache points: at the end of tools or rules, or of the turn of this number."""
    ends = {"tools": sent["tools"], "system": sent["system"]}
    turns = {place: turn["content"] for place, turn in enumerate(sent["messages"])}
    assert json.dumps(sent).count("cache_control") <= 4
    return [place for place, parts in {**ends, **turns}.items() if "cache_control" in parts[-1]]


def _bare(messages: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """The contents of messages without their marks."""
    return [
        [{name: value for name, value in part.items() if name != "cache_control"} for part in message["content"]]
        for message in messages
    ]
