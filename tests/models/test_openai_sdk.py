"""Recorded answers, and conversations: what the official client makes of the same bytes, and sends for the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from aether_nb.events.messages import Image, Message, Text, ToolCall, ToolSpec
from aether_nb.models.base import Options, Reply, Request
from harness import chat_sdk, recorded
from harness.chat import HI, asking, chat
from harness.loopback import Play, loopback

needs_recordings = pytest.mark.skipif(not recorded.FILE.is_file(), reason=recorded.MISSING)
GOLDEN = sorted((recorded.FOLDER / "golden").glob("*/openai-chat*.http"))
needs_golden = pytest.mark.skipif(not GOLDEN, reason=f"needs the golden requests in {recorded.FOLDER}/golden")

BEYOND = {
    ("api.groq.com", "usage"): "it stands in x_groq, which the client does not read",
    ("api.mistral.ai", "thinking"): "it stands in parts of the content, which the client does not join",
    ("api.mistral.ai", "cached"): "they are counted in num_cached_tokens, which the client does not read",
    ("generativelanguage.googleapis.com", "reasoning"): "they are only in the total; the client leaves it at that",
    ("generativelanguage.googleapis.com", "calls"): "the id is empty; the client leaves it so, and we make one",
}
"""Where more is read than the official client reads, and why."""


def summary(reply: Reply) -> dict[str, Any]:
    message, usage = reply.message, reply.usage
    return {
        "text": message.text,
        "thinking": message.thinking,
        "calls": [(call.id, call.name, call.arguments) for call in message.calls],
        "finish": reply.finish,
        "usage": (usage.input_tokens, usage.output_tokens),
        "cached": usage.cached_tokens,
        "reasoning": usage.reasoning_tokens,
        "model": reply.model,
    }


async def differences(rows: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """In which fields, by host, the two disagree about the same bytes from the same server."""
    found = set()
    for row in rows:
        play = Play([row["body"].encode()], content_type="text/event-stream" if row["stream"] else "application/json")
        async with loopback(play, play) as server, chat_sdk.client(server.url) as official:
            expected = await chat_sdk.assembled(official, row["stream"])
            model = chat(server.url)
            got = summary(await asking(model))
            await model.aclose()
        found |= {(row["host"], name) for name in expected if got[name] != expected[name]}
    return found


def sample(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The first two recordings of each provider, streamed and not."""
    seen: dict[tuple[str, bool], int] = {}
    for row in rows:
        key = row["host"], row["stream"]
        seen[key] = seen.get(key, 0) + 1
        if seen[key] <= 2:
            yield row


@needs_recordings
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_recordings_as_the_official_client_reads_them() -> None:
    """Two recordings of each provider come out as the official client has them, field by field, or with more."""
    assert await differences(list(sample(recorded.chats()))) <= BEYOND.keys()


@needs_recordings
@pytest.mark.full
@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
async def test_all_recordings_as_the_official_client_reads_them() -> None:
    """Every recording comes out as the official client has it; where more is read is known, and why."""
    assert await differences(recorded.chats()) == BEYOND.keys()


CLOSED = {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False,
}  # fmt: skip
OPEN = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 0}}}
WEATHER, COUNT = ToolSpec("get_weather", "d", CLOSED), ToolSpec("count", "Count.", OPEN)
HELLO = Message.of("user", "hi ünï ✓")
PNG = Image("image/png", "aGk=")
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
CALLED = Message("assistant", calls=(ToolCall("call_1", "get_weather", {"city": "Paris"}),))


def function(tool: ToolSpec, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": tool.name, "description": tool.description,
                                             "parameters": tool.parameters} | more}  # fmt: skip


CONVERSATIONS: dict[str, tuple[Request, dict[str, Any]]] = {
    "a question": (Request((HELLO,)), {"messages": [{"role": "user", "content": "hi ünï ✓"}]}),
    "rules and a tool's result": (
        Request((Message.of("system", "sys"), HELLO, CALLED, Message.of("tool", "sunny", call_id="call_1")),
                (WEATHER, COUNT)),
        {"messages": [
            {"role": "system", "content": "sys"}, {"role": "user", "content": "hi ünï ✓"},
            {"role": "assistant", "content": None, "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "call_1", "content": "sunny"}],
         "tools": [function(WEATHER, strict=True), function(COUNT)]},
    ),
    "a picture": (
        Request((Message("user", (Text("what"), PNG)),)),
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "what"}, IMAGE]}]},
    ),
    "every option": (
        Request((HELLO,), (WEATHER,), Options(9, 0.5, 0.9, ("x", "y"), "get_weather", CLOSED, "low", {"seed": 1})),
        {"messages": [{"role": "user", "content": "hi ünï ✓"}], "tools": [function(WEATHER, strict=True)],
         "max_completion_tokens": 9, "temperature": 0.5, "top_p": 0.9, "stop": ["x", "y"], "seed": 1,
         "tool_choice": {"type": "function", "function": {"name": "get_weather"}}, "reasoning_effort": "low",
         "response_format": {"type": "json_schema",
                             "json_schema": {"name": "answer", "schema": CLOSED, "strict": True}}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("request_", "arguments"), CONVERSATIONS.values(), ids=CONVERSATIONS.keys())
async def test_requests_as_the_official_client_sends_them(request_: Request, arguments: dict[str, Any]) -> None:
    """The body is the official client's, value by value; our headers are among the client's, names and values."""
    async with loopback(HI, HI) as server, chat_sdk.client(server.url) as official:
        stream = await official.chat.completions.create(
            model="m", stream=True, stream_options={"include_usage": True}, **arguments
        )
        async for _ in stream:
            pass
        model = chat(server.url, "sk-test", max_tokens_field="max_completion_tokens", effort="reasoning_effort")
        await asking(model, request_)
        await model.aclose()
    theirs, ours = server.asked
    assert ours.json == theirs.json
    assert ours.line == theirs.line
    different = {name for name in ours.headers if ours.headers[name] != theirs.headers.get(name)}
    assert different == {"user-agent", "content-length"} - (
        {"content-length"} if len(ours.body) == len(theirs.body) else set()
    )


def parts_of(golden: bytes) -> tuple[str, dict[str, str], dict[str, Any]]:
    head, _, body = golden.partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (entry.partition(":") for entry in rest)}
    return line, headers, json.loads(body)


def said_again(body: dict[str, Any]) -> Request:
    """The request that a golden body stands for, in neutral words."""
    messages = []
    for message in body["messages"]:
        content = message.get("content")
        parts: list[Text | Image] = []
        for part in [{"type": "text", "text": content}] if isinstance(content, str) else content or ():
            if part["type"] == "text":
                parts.append(Text(part["text"]))
            else:
                kind, _, data = part["image_url"]["url"].partition(";base64,")
                parts.append(Image(kind.removeprefix("data:"), data))
        calls = [
            ToolCall(call["id"], call["function"]["name"], json.loads(call["function"]["arguments"]))
            for call in message.get("tool_calls", ())
        ]
        messages.append(Message(message["role"], tuple(parts), tuple(calls), message.get("tool_call_id", "")))
    tools = [tool["function"] for tool in body.get("tools", ())]
    schema = body.get("response_format", {}).get("json_schema", {}).get("schema")
    known = ("max_completion_tokens", "temperature", "top_p", "stop", "reasoning_effort", "response_format", "model",
             "messages", "tools", "stream", "stream_options")  # fmt: skip
    options = Options(
        body.get("max_completion_tokens"),
        body.get("temperature"),
        body.get("top_p"),
        tuple(body.get("stop", ())),
        schema=schema,
        effort=body.get("reasoning_effort", ""),
        extra={name: value for name, value in body.items() if name not in known},
    )
    specs = tuple(ToolSpec(tool["name"], tool["description"], tool["parameters"]) for tool in tools)
    return Request(tuple(messages), specs, options, body.get("stream", False))


@needs_golden
@pytest.mark.parametrize("file", GOLDEN, ids=[f"{file.parent.name}/{file.stem}" for file in GOLDEN])
async def test_golden_requests(file: Any) -> None:
    """What three versions of the official client sent is sent by us for the same conversation, field by field.

    Left apart: ``detail`` of pictures, which we leave to the server; ``stream`` false, which is the same as none; and
    ``stream_options``, which we send with every stream.
    """
    line, headers, body = parts_of(file.read_bytes())
    async with loopback(HI) as server:
        model = chat(
            server.url, "sk-test", model=body["model"], max_tokens_field="max_completion_tokens",
            effort="reasoning_effort",
        )  # fmt: skip
        await asking(model, said_again(body))
        await model.aclose()
    ours = server.asked[0]
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else ():
            part.get("image_url", {}).pop("detail", None)
    expected = {"stream": False} | body
    if expected["stream"]:
        expected["stream_options"] = {"include_usage": True}
    assert ours.json == expected
    assert ours.line == line
    assert {name for name in ours.headers if ours.headers[name] != headers.get(name)} <= {
        "host", "content-length", "user-agent",
    }  # fmt: skip
