"""Chat completions over HTTP: what is sent, field by field as the format has it."""

from __future__ import annotations

import pytest

from aether_nb.errors import ModelUnavailable
from aether_nb.events.messages import Image, Message, Text, ToolCall, ToolSpec, Usage
from aether_nb.models.base import Model, Reply, Request, Wrapper
from aether_nb.models.formats.history import INTERRUPTED
from aether_nb.models.router import open_model
from harness.chat import HI, KEY, ask, asking, chat
from harness.loopback import Play, events, loopback, says

LOOK = ToolSpec("look", "Look at it.", {"type": "object", "properties": {"x": {"type": "integer"}}})


async def test_a_conversation_with_a_tool() -> None:
    """Two turns with a tool: the second request holds the call and its result, field by field as the format has it."""
    call = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"x": 1}'}}
    first = Play([events(says(role="assistant", content=None, tool_calls=[call]), says(finish="tool_calls"))])
    usage = {"prompt_tokens": 7, "completion_tokens": 2}
    second = Play([events(says(content="It is "), says(content="1."), says(finish="stop", usage=usage))])
    history = [
        Message.of("system", "Be short."),
        Message("user", (Text("What is x?"), Text("variables (1):\n- x: int", "rows", ("x",)))),
    ]
    async with loopback(first, second) as server:
        model = chat(server.url)
        reply = await asking(model, Request(tuple(history), (LOOK,)))
        history += [reply.message, Message.of("tool", "ünï 1", call_id="call_1")]
        answer = await asking(model, Request(tuple(history), (LOOK,)))
        await model.aclose()
    assert reply == Reply(
        Message("assistant", calls=(ToolCall("call_1", "look", {"x": 1}),)), Usage(), "tool_calls", "m", "openai"
    )
    assert answer == Reply(Message.of("assistant", "It is 1."), Usage(7, 2, None), "stop", "m", "openai")
    assert [asked.json for asked in server.asked][1] == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be short."},
            {"role": "user", "content": "What is x?\n\nvariables (1):\n- x: int"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"x":1}'}}
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "ünï 1"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "look",
                    "description": "Look at it.",
                    "parameters": {"type": "object", "properties": {"x": {"type": "integer"}}},
                },
            }
        ],
    }
    assert {asked.connection for asked in server.asked} == {1}


async def test_the_request_around_the_body() -> None:
    """It is a POST of raw UTF-8 to the endpoint, with the key as a bearer token."""
    async with loopback(HI) as server:
        await ask(chat(server.url + "/"))
    asked = server.asked[0]
    names = ("accept", "authorization", "content-type", "user-agent")
    assert asked.line == "POST /v1/chat/completions HTTP/1.1"
    assert {name: asked.headers[name] for name in names} == {
        "accept": "application/json",
        "authorization": f"Bearer {KEY}",
        "content-type": "application/json",
        "user-agent": "aether-nb",
    }
    assert "hi ünï ✓".encode() in asked.body


async def test_no_key_no_header() -> None:
    """A server that wants no key is sent none."""
    async with loopback(HI) as server:
        await ask(chat(server.url, ""))
    assert "authorization" not in server.asked[0].headers


async def test_a_key_that_was_put_right() -> None:
    """A key of the environment is read for each request: one that was put right after a refusal counts at once."""
    environment = {"OPENAI_API_KEY": "sk-old-key", "OPENAI_BASE_URL": ""}
    async with loopback(Play([], 401), HI) as server:
        environment["OPENAI_BASE_URL"] = server.url
        model = open_model("openai:m", environment)
        with pytest.raises(ModelUnavailable):
            await asking(model)
        environment["OPENAI_API_KEY"] = "sk-new-key"
        assert (await asking(model)).message.text == "hi"
        assert isinstance(model, Wrapper)
        await model.aclose()
    assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer sk-old-key", "Bearer sk-new-key"]


async def test_an_interrupted_history_with_pictures() -> None:
    """A dangling call, a stray result, an empty turn and a picture of a tool go out in a form that is accepted."""
    png = Image("image/png", "aGk=")
    history = (
        Message("user", (Text("look"), png)),
        Message("assistant", (Text("so"),), (ToolCall("1", "plot", {}), ToolCall("2", "plot", {"n": 2}))),
        Message("tool", (png,), call_id="2"),
        Message.of("tool", "stray", call_id="9"),
        Message("assistant", thinking="only thought"),
        Message.of("user", "half \ud800 a pair"),
    )
    async with loopback(HI) as server:
        await ask(chat(server.url), Request(history))
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
    calls = [
        {"id": "1", "type": "function", "function": {"name": "plot", "arguments": "{}"}},
        {"id": "2", "type": "function", "function": {"name": "plot", "arguments": '{"n":2}'}},
    ]
    assert server.asked[0].json["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "look"}, picture]},
        {"role": "assistant", "content": "so", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "1", "content": INTERRUPTED},
        {"role": "tool", "tool_call_id": "2", "content": "(nothing to show as text)"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Pictures from the tool results above:"},
                picture,
                {"type": "text", "text": "half ? a pair"},
            ],
        },
    ]


def test_it_is_a_model_that_keeps_its_key() -> None:
    """It has the face of a Model, is named as a person types it, and its repr has no key."""
    model = chat("https://api.openai.com/v1")
    assert isinstance(model, Model)
    assert (model.name, repr(model)) == ("openai:m", "HttpModel('openai:m' at https://api.openai.com/v1)")
