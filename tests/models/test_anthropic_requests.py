"""What is sent in the Anthropic messages format: what its official clients send, and what the format wants."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aether_nb.events.messages import Image, Message, Origin, Text, ToolCall, ToolSpec
from aether_nb.models.base import Options, Request
from harness.anthropic import GOLDEN, KEY, block, blocks_of, body, messages_model, reply_to, start, stop, text
from harness.chat import asking
from harness.loopback import Play, loopback

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"needs the recorded requests in {GOLDEN}")

HI = Message.of("user", "hi ünï ✓")
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
WEATHER = ToolSpec("get_weather", "d", CITY)
CALL = ToolCall("toolu_1", "get_weather", {"city": "Paris"})
SUNNY = Message.of("tool", "sunny", call_id="toolu_1")
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
SHAPE = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
SIGNED = [
    {"type": "thinking", "thinking": "hmm", "signature": "sig=="},
    {"type": "redacted_thinking", "data": "xx"},
    {"type": "tool_use", "id": "toolu_1", "name": "get_weather"},
]
THOUGHT = Message("assistant", (), (CALL,), thinking="hmm", origin=Origin("anthropic", {"content": SIGNED}))
SHORT = Options(max_tokens=100)
LONG = Options(max_tokens=3000, extra={"thinking": {"type": "enabled", "budget_tokens": 1024}})
PARALLEL = {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}

CASES: dict[str, Request] = {
    "messages": Request(
        (Message.of("system", "sys"), HI),
        options=Options(100, stop=("x",), extra={"metadata": {"user_id": "u"}}),
        stream=False,
    ),
    "messages-stream-tools": Request((HI,), (WEATHER,), Options(100, extra=PARALLEL)),
    "messages-stream-helper": Request((HI,), (WEATHER,), SHORT),
    "messages-tool-result": Request(
        (HI, Message.of("assistant", "ok", calls=(CALL,)), SUNNY), (WEATHER,), SHORT, stream=False
    ),
    "messages-image": Request((Message("user", (Image("image/png", PNG), Text("what"))),), options=SHORT, stream=False),
    "messages-jsonschema": Request((HI,), options=Options(100, schema=SHAPE), stream=False),
    "messages-thinking": Request((HI,), options=LONG, stream=False),
    "messages-thinking-adaptive": Request((HI,), options=Options(3000, effort="high"), stream=False),
    "messages-thinking-roundtrip": Request((HI, THOUGHT, SUNNY), (WEATHER,), LONG, stream=False),
    "messages-cache": Request((Message.of("system", "sys"), HI), (WEATHER,), SHORT, stream=False),
}
PROFILES: dict[str, dict[str, Any]] = {
    "messages-thinking-adaptive": {"effort": "output_config"},
    "messages-cache": {"cache_points": True},
}


def same(asked: dict[str, Any]) -> dict[str, Any]:
    """A body where one meaning has one form: contents are lists, and what goes without saying is not said."""
    messages = [{**message, "content": [_same(each) for each in blocks_of(message)]} for message in asked["messages"]]
    return {**asked, "messages": messages}


def _same(each: dict[str, Any]) -> dict[str, Any]:
    if each["type"] != "tool_result":
        return each
    content = blocks_of(each)
    return {name: value for name, value in each.items() if name != "is_error"} | {"content": content}


def golden(generation: str, case: str) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Request line, headers and body that an official client sent."""
    head, _, sent = (GOLDEN / generation / f"anthropic-{case}.http").read_text(encoding="utf-8").partition("\n\n")
    line, *rest = head.splitlines()
    return line, {name.lower(): value for name, _, value in (each.partition(": ") for each in rest)}, json.loads(sent)


@needs_golden
@pytest.mark.parametrize("generation", ["old", "mid", "new"])
@pytest.mark.parametrize("case", [case for case in CASES if case != "messages-cache"])
def test_bodies_are_those_of_the_official_clients(case: str, generation: str) -> None:
    """For the same messages our body equals theirs, field by field, in each generation of the client."""
    _, _, theirs = golden(generation, case)
    assert same(body(CASES[case], **PROFILES.get(case, {}))) == same(theirs)


@needs_golden
@pytest.mark.parametrize("generation", ["old", "mid", "new"])
def test_cache_points_are_written_as_the_official_clients_write_them(generation: str) -> None:
    """Rules and tools end with a cache point as theirs do; ours lives the shorter time, and the newest turn has one."""
    _, _, theirs = golden(generation, "messages-cache")
    theirs["tools"][-1]["cache_control"].pop("ttl")
    ours = body(CASES["messages-cache"], cache_points=True)
    assert ours.pop("messages") == [
        {"role": "user", "content": [{"type": "text", "text": HI.text, "cache_control": {"type": "ephemeral"}}]}
    ]
    theirs.pop("messages")
    assert ours == theirs


@needs_golden
@pytest.mark.parametrize("generation", ["old", "mid", "new"])
async def test_lines_and_headers_are_those_of_the_official_clients(generation: str) -> None:
    """Path, version and key are sent as each generation sends them; version and place of the key are the profile's."""
    line, headers, _ = golden(generation, "messages")
    bearer = "authorization" in headers
    async with loopback(Play([b'{"content":[]}'], content_type="application/json")) as server:
        model = messages_model(
            server.url, version=headers["anthropic-version"], **({"auth": "bearer"} if bearer else {})
        )
        await asking(model, CASES["messages"])
        await model.aclose()
    asked = server.asked[0]
    assert asked.line == line
    assert asked.headers["anthropic-version"] == headers["anthropic-version"]
    assert asked.headers["content-type"] == headers["content-type"]
    key = {name: asked.headers.get(name) for name in ("x-api-key", "authorization")}
    assert key == {"x-api-key": None if bearer else KEY, "authorization": f"Bearer {KEY}" if bearer else None}


@pytest.mark.parametrize("case", list(CASES))
async def test_the_official_client_sends_the_same(case: str) -> None:
    """What the installed client sends for our own body, typed as it wants it, is that body: it knows every field."""
    import anthropic

    ours = body(CASES[case], **PROFILES.get(case, {}))
    fields = {name: value for name, value in ours.items() if name != "stream"}
    answer = Play([json.dumps(MESSAGE).encode()], content_type="application/json")
    async with loopback(answer) as server:
        client = anthropic.AsyncAnthropic(api_key=KEY, base_url=server.url.removesuffix("/v1"), max_retries=0)
        async with client:
            await client.messages.create(**fields)
    assert server.asked[0].json == fields


MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 1},
}


@pytest.mark.parametrize(("ending"), ["", "/v1", "/anthropic", "/anthropic/v1"])
async def test_the_version_of_the_path_is_not_doubled(ending: str) -> None:
    """An address may end in /v1 or not: the path is the same."""
    async with loopback(Play([b'{"content":[]}'], content_type="application/json")) as server:
        model = messages_model(server.url.removesuffix("/v1") + ending)
        await asking(model)
        await model.aclose()
    assert server.asked[0].line == f"POST {ending.removesuffix('/v1')}/v1/messages HTTP/1.1"


async def test_an_answer_goes_back_as_it_came() -> None:
    """What was thought and signed before a call is returned before it, unmodified; to another provider it is not."""
    deltas = [{"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "s=="}]
    thought = block(0, {"type": "thinking", "thinking": "", "signature": ""}, *deltas)
    use = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
    reply = await reply_to(start(), *thought, *text(1, "Let me see. "), *block(2, use), *stop("tool_use"))
    sent = body((HI, reply.message, SUNNY))
    content = sent["messages"][1]["content"]
    assert content == [
        {"type": "thinking", "thinking": "hm", "signature": "s=="},
        {"type": "text", "text": "Let me see. "},
        use,
    ]
    assert body((HI, reply.message, SUNNY), provider="elsewhere")["messages"][1]["content"] == content[1:]
