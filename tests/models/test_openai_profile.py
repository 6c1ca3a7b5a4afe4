"""Every way in which servers of chat completions differ: what is sent, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from aether_nb.events.messages import Image, Message, Origin, Text, ToolCall, ToolSpec
from aether_nb.models.base import Options, Request
from aether_nb.models.endpoints.profile import Profile
from aether_nb.models.formats.openai import OpenAIFormat
from aether_nb.models.formats.schemas import inlined, is_strict, schema_name

PROFILE = Profile("acme", "m", "http://host/v1")
CLOSED = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"], "additionalProperties": False}
OPEN = {"type": "object", "properties": {"a": {"type": "integer"}}}
LOOK, LIST = ToolSpec("look", "Look.", CLOSED), ToolSpec("list", "List.", OPEN)
HI = Message.of("user", "hi")
CALLED = Message("assistant", calls=(ToolCall("call_1", "look", {"a": 1}),))
SEEN = Message.of("tool", "seen", call_id="call_1")
PNG = Image("image/png", "aGk=")


def body(request: Request, **quirks: Any) -> dict[str, Any]:
    profile = replace(PROFILE, **quirks)
    written: dict[str, Any] = json.loads(OpenAIFormat().body(request, profile))
    return written


def fields(options: Options, tools: tuple[ToolSpec, ...] = (), **quirks: Any) -> dict[str, Any]:
    """All that is sent but the model, the stream and the messages."""
    sent = body(Request((HI,), tools, options), **{"stream_usage": "none"} | quirks)
    return {name: value for name, value in sent.items() if name not in ("model", "stream", "messages", "tools")}


def messages(*history: Message, **quirks: Any) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = body(Request(history), **quirks)["messages"]
    return sent


def call(id: str = "call_1", **more: Any) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "look", "arguments": '{"a":1}'}, **more}


def test_streams() -> None:
    """A stream is asked for with its usage where that is taken; an answer in one piece without."""
    keys = ("stream", "stream_options")
    told = [
        {name: sent.get(name) for name in keys}
        for sent in (
            body(Request((HI,))),
            body(Request((HI,)), stream_usage="none"),
            body(Request((HI,), stream=False)),
        )
    ]
    assert told == [
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": True, "stream_options": None},
        {"stream": False, "stream_options": None},
    ]


REQUIRED, NAMED = Options(tool_choice="required"), Options(tool_choice="look")
OPTIONS: dict[str, tuple[Options, dict[str, Any], dict[str, Any]]] = {
    "nothing": (Options(), {}, {}),
    "the limit": (Options(max_tokens=9), {}, {"max_tokens": 9}),
    "the limit by another name": (
        Options(max_tokens=9), {"max_tokens_field": "max_completion_tokens"}, {"max_completion_tokens": 9}),
    "sampling": (Options(temperature=0, top_p=0.5), {}, {"temperature": 0, "top_p": 0.5}),
    "no sampling": (Options(temperature=0, top_p=0.5), {"sampling": False}, {}),
    "stops": (Options(stop=("a", "b")), {}, {"stop": ["a", "b"]}),
    "effort without a field": (Options(effort="low"), {}, {}),
    "effort": (Options(effort="low"), {"effort": "reasoning_effort"}, {"reasoning_effort": "low"}),
    "effort in an object": (
        Options(effort="low"), {"effort": "reasoning.effort", "extra": {"reasoning": {"exclude": False}}},
        {"reasoning": {"exclude": False, "effort": "low"}}),
    "more": (Options(extra={"seed": 1}), {"extra": {"seed": 0, "user": "u"}}, {"seed": 1, "user": "u"}),
    "less": (Options(extra={"seed": 1}), {"extra": {"user": "u"}, "without": ("user", "seed")}, {}),
    "no tool": (Options(tool_choice="none"), {}, {"tool_choice": "none"}),
    "some tool": (REQUIRED, {}, {"tool_choice": "required"}),
    "some tool in another word": (REQUIRED, {"tool_choice_required": "any"}, {"tool_choice": "any"}),
    "no word for some tool": (REQUIRED, {"tool_choice_required": ""}, {}),
    "one tool": (NAMED, {}, {"tool_choice": {"type": "function", "function": {"name": "look"}}}),
    "one tool that cannot be named": (NAMED, {"forced_tool": False}, {"tool_choice": "required"}),
    "a strict schema": (
        Options(schema=CLOSED | {"title": "My answer!"}), {},
        {"response_format": {"type": "json_schema", "json_schema": {
            "name": "My_answer", "schema": CLOSED | {"title": "My answer!"}, "strict": True}}}),
    "a loose schema": (
        Options(schema=OPEN), {},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": OPEN,
                                                                    "strict": False}}}),
    "a schema where strict is unknown": (
        Options(schema=CLOSED), {"strict_schema": False},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": CLOSED}}}),
    "a schema where none is taken": (Options(schema=CLOSED), {"json_schema": False}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("options", "quirks", "expected"), OPTIONS.values(), ids=OPTIONS.keys())
def test_options(options: Options, quirks: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """Each option goes out under the name, and in the form, that the profile says; or not at all."""
    assert fields(options, (LOOK, LIST), **quirks) == expected


def test_a_choice_without_tools() -> None:
    """A choice of tools is not sent where there are none: servers refuse it."""
    assert fields(REQUIRED) == {}


def test_tools() -> None:
    """Tools keep their order; strict is said of what is, where it is known; one that cannot be named stands alone."""
    sent = [
        [(tool["function"]["name"], tool["function"].get("strict")) for tool in body(request, **quirks)["tools"]]
        for request, quirks in [
            (Request((HI,), (LOOK, LIST)), {}),
            (Request((HI,), (LIST, LOOK)), {"strict_schema": False}),
            (Request((HI,), (LOOK, LIST), NAMED), {"forced_tool": False}),
        ]
    ]
    assert sent == [[("look", True), ("list", None)], [("list", None), ("look", None)], [("look", True)]]


def test_a_described_schema() -> None:
    """Where no schema is taken it stands at the end of the rules, after all that stays the same."""
    rules = Message.of("system", "Be short.")
    sent = body(Request((rules, HI), (), Options(schema=OPEN)), json_schema=False)
    text = json.dumps(OPEN, separators=(",", ":"))
    wanted = f"Answer with one JSON value that follows this JSON schema, and with nothing else:\n{text}"
    assert sent["messages"][0] == {"role": "system", "content": f"Be short.\n\n{wanted}"}
    assert "response_format" not in sent


A, B = Message.of("system", "a"), Message.of("system", "b")
SHOWN = Message("tool", (Text("a plot"), PNG), call_id="call_1")
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
ABOVE = {"type": "text", "text": "Pictures from the tool results above:"}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "seen"}
USER = {"role": "user", "content": "hi"}
ASSISTANT = {"role": "assistant", "content": None, "tool_calls": [call()]}
OK = {"role": "assistant", "content": "OK"}
GIVEN = "skip_thought_signature_validator"
HISTORIES: dict[str, tuple[list[Message], dict[str, Any], list[dict[str, Any]]]] = {
    "one system message": ([A, HI, B], {}, [{"role": "system", "content": "a\n\nb"}, USER]),
    "system messages in their places": (
        [A, HI, B], {"one_system": False}, [{"role": "system", "content": "a"}, USER,
                                            {"role": "system", "content": "b"}]),
    "turns": (
        [Message.of("assistant", "x"), HI, HI], {"alternate": True},
        [{"role": "user", "content": "Go on."}, {"role": "assistant", "content": "x"},
         {"role": "user", "content": "hi\n\nhi"}]),
    "content is null": ([HI, CALLED, SEEN], {}, [USER, ASSISTANT, RESULT]),
    "content is left out": (
        [HI, CALLED, SEEN], {"null_content": False}, [USER, {"role": "assistant", "tool_calls": [call()]}, RESULT]),
    "a user behind a tool": ([HI, CALLED, SEEN, HI], {}, [USER, ASSISTANT, RESULT, USER]),
    "no user behind a tool": (
        [HI, CALLED, SEEN, HI], {"user_after_tool": False}, [USER, ASSISTANT, RESULT, OK, USER]),
    "no picture behind a tool": (
        [HI, CALLED, SHOWN], {"user_after_tool": False},
        [USER, ASSISTANT, RESULT | {"content": "a plot"}, OK, {"role": "user", "content": [ABOVE, PICTURE]}]),
    "no pictures at all": (
        [Message("user", (Text("look"), PNG)), CALLED, SHOWN], {"vision": False},
        [{"role": "user", "content": "look\n\n(a picture, image/png, that this model cannot see)"}, ASSISTANT,
         RESULT | {"content": "a plot\n\n(a picture, image/png, that this model cannot see)"}]),
    "text parts are one string": (
        [Message("user", (Text("a"), Text("b")))], {}, [{"role": "user", "content": "a\n\nb"}]),
    "signatures that others have not": (
        [HI, CALLED, SEEN], {"signed_calls": True},
        [USER, ASSISTANT | {"tool_calls": [call(extra_content={"google": {"thought_signature": GIVEN}})]}, RESULT]),
    "a signature under an id that the call has no more": (
        [HI, replace(CALLED, origin=Origin("acme", {"model": "m", "calls": {"call_0": {"google": {}}}})), SEEN],
        {"signed_calls": True},
        [USER, ASSISTANT | {"tool_calls": [call(extra_content={"google": {"thought_signature": GIVEN}})]}, RESULT]),
    "thinking that nobody has": (
        [HI, CALLED, SEEN], {"thinking_field": "reasoning_content", "thinking_needed": True},
        [USER, ASSISTANT | {"reasoning_content": " "}, RESULT]),
}  # fmt: skip


@pytest.mark.parametrize(("history", "quirks", "expected"), HISTORIES.values(), ids=HISTORIES.keys())
def test_histories(history: list[Message], quirks: Mapping[str, Any], expected: list[dict[str, Any]]) -> None:
    """The same history goes out in the form that each server takes."""
    assert messages(*history, **quirks) == expected


def test_ids() -> None:
    """Ids that a server refuses are sent as others, the same for a call and its result, every time."""
    long = "x" * 41
    for id, quirks, size in [(long, {}, 37), ("call_1", {"short_ids": True}, 9), (long, {"short_ids": True}, 9)]:
        history = (HI, replace(CALLED, calls=(ToolCall(id, "look", {"a": 1}),)), replace(SEEN, call_id=id))
        sent = messages(*history, **quirks)
        assert sent == messages(*history, **quirks)
        assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"]
        assert len(sent[2]["tool_call_id"]) == size
        assert sent[2]["tool_call_id"].replace("_", "").isalnum()
    kept = [(id, {}) for id in ("call_1", "functions.look:0")] + [("abcDEF123", {"short_ids": True})]
    for id, quirks in kept:
        history = (HI, replace(CALLED, calls=(ToolCall(id, "look", {"a": 1}),)), replace(SEEN, call_id=id))
        assert messages(*history, **quirks)[2]["tool_call_id"] == id


DATA = {
    "model": "m",
    "thinking": {"reasoning_content": "hm"},
    "calls": {"call_1": {"google": {"thought_signature": "abc"}}},
    "extra_content": {"google": {"thought": True}},
}


@pytest.mark.parametrize(
    ("provider", "model", "field", "returned"),
    [
        ("acme", "m", "reasoning_content", {"reasoning_content": "hm", "extra_content": {"google": {"thought": True}}}),
        ("acme", "m", "", {"extra_content": {"google": {"thought": True}}}),
        ("acme", "other", "reasoning_content", None),
        ("other", "m", "reasoning_content", None),
    ],
)
def test_what_goes_back(provider: str, model: str, field: str, returned: dict[str, Any] | None) -> None:
    """Thinking and signatures go back to the model they came from, unchanged and in their field; to no other."""
    signed = replace(CALLED, thinking="hm", origin=Origin("acme", DATA))
    sent = messages(HI, signed, SEEN, provider=provider, model=model, thinking_field=field)[1]
    calls = [call(extra_content={"google": {"thought_signature": "abc"}})] if returned else [call()]
    assert sent == ASSISTANT | {"tool_calls": calls} | (returned or {})


TREE = {
    "$defs": {
        "Node": {"type": "object", "title": "Node", "properties": {"next": {"$ref": "#/$defs/Node"}}},
        "Name": {"type": "string", "title": "Name", "description": "below"},
    },
    "type": "object",
    "title": "Tree",
    "properties": {
        "title": {"$ref": "#/$defs/Name", "description": "above"},
        "root": {"$ref": "#/$defs/Node"},
        "kinds": {"anyOf": [{"$ref": "#/$defs/Name"}, {"type": "null"}], "discriminator": {"propertyName": "x"}},
        "lost": {"$ref": "#/$defs/Nobody"},
    },
}


def test_inlined_schemas() -> None:
    """References become what they mean, also in a schema that contains itself; a property may be called title."""
    assert inlined(TREE) == {
        "type": "object",
        "properties": {
            "title": {"type": "string", "description": "above"},
            "root": {"type": "object", "properties": {"next": {}}},
            "kinds": {"anyOf": [{"type": "string", "description": "below"}, {"type": "null"}]},
            "lost": {},
        },
    }
    sent = body(Request((HI,), (ToolSpec("t", "", TREE),), Options(schema=TREE)), inline_schema=True)
    assert "$ref" not in json.dumps(sent)
    assert sent["response_format"]["json_schema"]["name"] == "Tree"


def test_strict_schemas() -> None:
    """Strict is a schema whose objects are closed and whose properties are all required, at every depth."""
    inner = {"type": "array", "items": OPEN}
    assert [
        is_strict(schema)
        for schema in (
            CLOSED,
            OPEN,
            {"type": "string"},
            CLOSED | {"properties": {"a": inner}},
            CLOSED | {"properties": {"a": {"type": "array", "items": CLOSED}}},
            CLOSED | {"properties": {"a": {"type": "integer", "minimum": 0}}},
            CLOSED | {"properties": {"a": {}}},
            CLOSED | {"properties": {"a": {"anyOf": [CLOSED, {"type": "null"}]}}},
            CLOSED | {"$defs": {"x": OPEN}},
        )
    ] == [True, False, False, False, True, False, False, True, False]
    assert [schema_name({"title": title}) for title in ("A", "a b/c", "ü", 7, "x" * 70)] == [
        "A", "a_b_c", "answer", "answer", "x" * 64,
    ]  # fmt: skip


def test_a_changed_profile_writes_anew() -> None:
    """What was written for one profile is not sent for another, also when the format is the same object."""
    wire, request = OpenAIFormat(), Request((HI, CALLED, SEEN), (LOOK,))
    first = wire.body(request, PROFILE)
    assert wire.body(request, replace(PROFILE, null_content=False, strict_schema=False)) != first
    assert wire.body(request, replace(PROFILE)) == first


def test_what_was_sent_before_begins_what_is_sent_next() -> None:
    """Turn after turn a request begins with the bytes of the one before, so that servers can keep what they read."""
    wire, tools = OpenAIFormat(), (LOOK, LIST)
    history: list[Message] = [A, HI]
    before = wire.body(Request(tuple(history), tools), PROFILE)
    for turn in range(5):
        made = replace(CALLED, calls=(ToolCall(f"call_{turn}", "look", {"a": turn}),))
        history += [made, Message.of("tool", "seen", call_id=f"call_{turn}")]
        after = wire.body(Request(tuple(history), tools), PROFILE)
        assert after.startswith(before.removesuffix(b"]}"))
        before = after
